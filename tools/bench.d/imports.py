"""tools/bench --only import: a million rows with 5 % bad ones of every kind, against a large do-not-call list.

CPU of all processes (the daemon's, its children's and the command's), resident memory of all above idle, how long another
piece of work of the store waits meanwhile, and how long taking the import back takes. CADENCIA_IMPORT_ROWS and
CADENCIA_IMPORT_DNC set the sizes.
"""
import hashlib
import json
import os
import pathlib
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
import harness  # noqa: E402
import make_list  # noqa: E402

TABLES = ("person", "phone", "work_case", "case_state", "case_number", "list", "bucket")


def contents(box):
    """One checksum over every row of the tables of contacts."""
    total = hashlib.sha256()
    db = sqlite3.connect(f"file:{box.state}/cadencia.db?mode=ro", uri=True)
    for table in TABLES:
        for row in db.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
            total.update(repr(row).encode())
    db.close()
    return total.hexdigest()


class Asker(threading.Thread):
    """Asks the daemon for something small of the store, every 10 ms, over its own socket."""

    def __init__(self, box):
        super().__init__(daemon=True)
        self.waits, self.over = [], False
        self.line = json.dumps({"argv": ["dnc", "check", "+12025550199"]}).encode() + b"\n"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(box.state / "cadencia.sock"))

    def run(self):
        reader = self.socket.makefile("r")
        while not self.over:
            began = time.monotonic()
            self.socket.sendall(self.line)
            while "exit" not in json.loads(reader.readline()):
                pass
            self.waits.append(time.monotonic() - began)
            time.sleep(0.01)

    def stop(self):
        self.over = True
        self.join(5)
        return sorted(self.waits)


def many_do_not_call(box, count, listed):
    """Straight into the file, before the daemon starts."""
    db = sqlite3.connect(f"{box.state}/cadencia.db")
    db.execute("PRAGMA synchronous=OFF")
    db.executemany("INSERT OR IGNORE INTO dnc VALUES(?,0,0,'bench',1)", ((525500000000 + 97 * i,) for i in range(count)))
    db.executemany("INSERT OR IGNORE INTO dnc VALUES(?,0,0,'bench',1)", ((int(n),) for n in listed.read_text().split()))
    db.commit()
    db.close()


def bench(folder, processes, cpu_s, pss_kb):
    rows = int(os.environ.get("CADENCIA_IMPORT_ROWS", "1000000"))
    dnc = int(os.environ.get("CADENCIA_IMPORT_DNC", "5000000"))
    folder = pathlib.Path(folder)
    with open(folder / "list.csv", "w", encoding="utf-8") as out, open(folder / "dnc.txt", "w", encoding="utf-8") as listed:
        wanted = make_list.write_list(out, rows, dnc=listed)
    box = harness.Box(folder, harness.free_port())
    box.config.write_text(box.config.read_text().replace("contacts = 1000000;", "contacts = 12000000;"))
    box.campaign()
    many_do_not_call(box, dnc, folder / "dnc.txt")
    box.cli("campaign", "list")  # the first opening after that takes its time; it is not what is measured
    box.start()
    time.sleep(2)
    pids, before_tables = processes(box), contents(box)
    idle_kb, began, before = sum(pss_kb(pids).values()), time.monotonic(), cpu_s(pids)
    asker, peak_kb = Asker(box), idle_kb
    asker.start()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    args = [harness.BINARY, "import", "--campaign", "test", "--require-consent", "--json", str(folder / "list.csv"), "-c", str(box.config)]
    command = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
    while command.poll() is None:
        time.sleep(0.5)
        try:
            peak_kb = max(peak_kb, sum(pss_kb([*pids, command.pid]).values()))
        except (FileNotFoundError, ProcessLookupError):
            break
    said = json.loads(command.communicate()[0])
    elapsed = time.monotonic() - began
    after_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    waits = asker.stop()
    used = cpu_s(pids) - before
    used += after_children.ru_utime + after_children.ru_stime - children.ru_utime - children.ru_stime
    told = {**said["reasons"], "good": said["accepted"]}
    wrong = {k: (wanted.get(k, 0), told.get(k, 0)) for k in {*wanted, *told} if wanted.get(k, 0) != told.get(k, 0)}
    began, before = time.monotonic(), cpu_s(pids)
    box.cli("import", "undo", str(said["job"]))
    undo_s, undo_cpu = time.monotonic() - began, cpu_s(pids) - before
    same = contents(box) == before_tables
    box.stop()
    return {"rows": said["rows"], "rejected": said["rejected"], "kinds_of_rejects": len(said["reasons"]), "counts_as_made": not wrong or wrong,
            "seconds": round(elapsed, 1), "cpu_s": round(used, 1), "rows_per_cpu_s": round(said["rows"] / used),
            "pss_idle_mb": round(idle_kb / 1024, 1), "pss_above_idle_mb": round((peak_kb - idle_kb) / 1024, 1),
            "store_wait_p50_ms": round(1000 * waits[len(waits) // 2], 1), "store_wait_p99_ms": round(1000 * waits[len(waits) * 99 // 100], 1),
            "store_wait_max_ms": round(1000 * waits[-1], 1), "undo_s": round(undo_s, 1), "undo_cpu_s": round(undo_cpu, 1),
            "tables_as_before": same}
