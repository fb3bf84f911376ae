"""tools/bench --only import: a million rows with 5 % bad ones of every kind, against a large do-not-call list.

First beside an idle floor: CPU of all processes (the daemon's, its children's and the command's), resident memory of all above
idle, how long taking the import back takes. Then once more while another campaign dials: how long its openings, closings and
leases wait, from the floor's asking to the disk, before, during the import and during its undoing. CADENCIA_IMPORT_ROWS,
CADENCIA_IMPORT_DNC and CADENCIA_IMPORT_DIALS (a second) set the sizes.
"""
import hashlib
import json
import os
import pathlib
import resource
import sqlite3
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
import harness  # noqa: E402
import make_list  # noqa: E402

TABLES = {"person": "1", "phone": "1", "work_case": "1", "case_number": "1", "list": "id IN {lists}", "bucket": "list IN {lists}",
          "case_state": "case_id IN (SELECT id FROM work_case WHERE list IN {lists})"}
AREAS = (202, 212, 213, 312, 415, 305, 404, 617)  # of the numbers that are dialed meanwhile


def contents(box):
    """One checksum over every row of the tables of contacts."""
    total = hashlib.sha256()
    db = sqlite3.connect(f"file:{box.state}/cadencia.db?mode=ro", uri=True)
    lists = "(SELECT id FROM list WHERE campaign<>(SELECT id FROM campaign WHERE name='dials'))"  # what dials may change
    for table, own in TABLES.items():
        for row in db.execute(f"SELECT * FROM {table} WHERE {own.format(lists=lists)} ORDER BY 1, 2"):
            total.update(repr(row).encode())
    db.close()
    return total.hexdigest()


def quantile_ms(before, after, share):
    """The upper end of the bin of status's store_waits in which that share of what came in between lies."""
    bins = [(end, n - m) for (end, n), (_, m) in zip(after["up_to_ms"], before["up_to_ms"])]
    total, seen = sum(n for _, n in bins), 0
    for end, n in bins:
        seen += n
        if total and seen >= share * total:
            return end if end else "over 2000"
    return None


def waits(before, after):
    return {work: {"n": sum(n for _, n in after[work]["up_to_ms"]) - sum(n for _, n in before[work]["up_to_ms"]),
                   "p50_ms": quantile_ms(before[work], after[work], 0.5), "p99_ms": quantile_ms(before[work], after[work], 0.99),
                   "p999_ms": quantile_ms(before[work], after[work], 0.999), "max_ms": quantile_ms(before[work], after[work], 1)}
            for work in after}


def store_waits(box):
    time.sleep(0.6)  # the picture is four times a second
    return box.status()["store_waits"]


def many_do_not_call(box, count, listed):
    """Straight into the file, before the daemon starts."""
    db = sqlite3.connect(f"{box.state}/cadencia.db")
    db.execute("PRAGMA synchronous=OFF")
    db.executemany("INSERT OR IGNORE INTO dnc VALUES(?,0,0,'bench',1)", ((525500000000 + 97 * i,) for i in range(count)))
    db.executemany("INSERT OR IGNORE INTO dnc VALUES(?,0,0,'bench',1)", ((int(n),) for n in listed.read_text().split()))
    db.commit()
    db.close()


class Import:
    """One run of the command; CPU of all processes and the highest memory meanwhile."""

    def __init__(self, box, folder, pids, cpu_s, pss_kb):
        began, before, self.peak_kb = time.monotonic(), cpu_s(pids), 0
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        args = [harness.BINARY, "import", "--campaign", "test", "--require-consent", "--json", str(folder / "list.csv"), "-c", str(box.config)]
        command = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
        while command.poll() is None:
            time.sleep(0.5)
            try:
                self.peak_kb = max(self.peak_kb, sum(pss_kb([*pids, command.pid]).values()))
            except (FileNotFoundError, ProcessLookupError):
                break
        self.said = json.loads(command.communicate()[0])
        self.seconds = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = cpu_s(pids) - before + after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime


def dials(box, far, rate, seconds):
    """A campaign that dials: answered at once, bridged, hung up."""
    box.campaign("dials", ratio="5.0", wrapup_s=0, extra="retry = ();")
    for i in range(max(10, rate)):
        box.agent(f"a{i}", f"sip:a{i}@127.0.0.1:{far.port}", campaign="dials")
    numbers = [f"1{area}555{i:04d}" for area in AREAS for i in range(10000)]
    box.contacts(numbers[:rate * seconds], campaign="dials")
    harness.wait_for("every phone is up", lambda: far.ask()["up"] == max(10, rate), 60, 0.5)


def beside_dialing(box, folder, far, rate, pids, cpu_s, pss_kb):
    dials(box, far, rate, int(os.environ.get("CADENCIA_IMPORT_DIAL_S", "600")))
    box.cli("campaign", "start", "dials")
    time.sleep(10)
    marks = [(time.monotonic(), far.ask()["invites"], store_waits(box))]
    time.sleep(20)
    marks.append((time.monotonic(), far.ask()["invites"], store_waits(box)))
    run = Import(box, folder, pids, cpu_s, pss_kb)
    marks.append((time.monotonic(), far.ask()["invites"], store_waits(box)))
    box.cli("import", "undo", str(run.said["job"]))
    marks.append((time.monotonic(), far.ask()["invites"], store_waits(box)))
    box.cli("campaign", "stop", "dials")
    told = {name: {"seconds": round(b[0] - a[0], 1), "attempts_per_s": round((b[1] - a[1]) / (b[0] - a[0]), 1), **waits(a[2], b[2])}
            for name, a, b in zip(("before", "importing", "undoing"), marks, marks[1:])}
    return told


def bench(folder, processes, cpu_s, pss_kb, far_end, far_binary):
    rows = int(os.environ.get("CADENCIA_IMPORT_ROWS", "1000000"))
    dnc = int(os.environ.get("CADENCIA_IMPORT_DNC", "5000000"))
    rate = int(os.environ.get("CADENCIA_IMPORT_DIALS", "50"))  # 0: without the part beside dialing
    folder = pathlib.Path(folder)
    with open(folder / "list.csv", "w", encoding="utf-8") as out, open(folder / "dnc.txt", "w", encoding="utf-8") as listed:
        wanted = make_list.write_list(out, rows, dnc=listed)
    trunk = harness.free_port()
    far = far_end(far_binary, trunk, harness.free_port(), 0)
    far.port = trunk
    box = harness.Box(folder, trunk, calls_per_s=max(rate, 1))
    box.config.write_text(box.config.read_text().replace("contacts = 1000000;", f"contacts = 12000000; agents = {rate + 10};"))
    box.campaign()
    many_do_not_call(box, dnc, folder / "dnc.txt")
    box.cli("campaign", "list")  # the first opening after that takes its time; it is not what is measured
    box.start()
    time.sleep(2)
    pids, before_tables = processes(box), contents(box)
    idle_kb = sum(pss_kb(pids).values())
    run = Import(box, folder, pids, cpu_s, pss_kb)
    said = run.said
    told = {**said["reasons"], "good": said["accepted"]}
    wrong = {k: (wanted.get(k, 0), told.get(k, 0)) for k in {*wanted, *told} if wanted.get(k, 0) != told.get(k, 0)}
    began, before = time.monotonic(), cpu_s(pids)
    box.cli("import", "undo", str(said["job"]))
    undo_s, undo_cpu = time.monotonic() - began, cpu_s(pids) - before
    same = contents(box) == before_tables
    dialing = beside_dialing(box, folder, far, rate, pids, cpu_s, pss_kb) if rate else {}
    box.stop()
    far.stop()
    return {"rows": said["rows"], "rejected": said["rejected"], "kinds_of_rejects": len(said["reasons"]), "counts_as_made": not wrong or wrong,
            "seconds": round(run.seconds, 1), "cpu_s": round(run.cpu, 1), "rows_per_cpu_s": round(said["rows"] / run.cpu),
            "pss_idle_mb": round(idle_kb / 1024, 1), "pss_above_idle_mb": round((run.peak_kb - idle_kb) / 1024, 1),
            "undo_s": round(undo_s, 1), "undo_cpu_s": round(undo_cpu, 1), "tables_as_before": same, "dialing": dialing}
