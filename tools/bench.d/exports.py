"""tools/bench --only export: a large call log leaves the box while the box dials.

A database of CADENCIA_EXPORT_CALLS calls (default a million) is made by cadencia_fill, or CADENCIA_EXPORT_STORE names a folder that
holds one. A campaign dials CADENCIA_EXPORT_DIALS a second (default 40); `cadencia export calls` is run again and again beside it,
as CSV and as JSON lines. Told: rows a CPU second and memory of the command; how long the campaign's openings and closings wait,
from the floor's asking to the disk, before and meanwhile; how long commits last (the histogram of /metrics).
"""
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import time
import urllib.request

import harness
import imports


def commits(box):
    with urllib.request.urlopen(f"http://127.0.0.1:{box.http_port}/metrics", timeout=60) as page:
        text = page.read().decode()
    return {float(end): float(n) for end, n in re.findall(r'cadencia_commit_seconds_bucket\{le="([^"]+)"\} (\S+)', text)}


def commit_waits(before, after):
    total = after[float("inf")] - before[float("inf")]
    within = {end: after[end] - before[end] for end in sorted(after)}
    quantile = {share: next((end * 1000 for end, n in within.items() if n >= share * total), None) for share in (0.5, 0.99, 0.999)}
    return {"n": int(total), "p50_ms": quantile[0.5], "p99_ms": quantile[0.99], "p999_ms": quantile[0.999],
            "within_50_ms": round(within[0.05] / total, 5) if total and 0.05 in within else None}


def export(box, form):
    """One run; where its rows go costs nothing."""
    began = time.monotonic()
    command = subprocess.Popen([harness.BINARY, "export", "calls", "--format", form, "-c", str(box.config)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    return {"format": form, "exit": command.returncode, "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
            "seconds": round(time.monotonic() - began, 1), "rss_mb": usage.ru_maxrss // 1024}


def store(box, calls):
    """The records of months, in the box's folder, with no campaign running."""
    given = os.environ.get("CADENCIA_EXPORT_STORE")
    box.state.mkdir(exist_ok=True)
    if given:
        for name in os.listdir(given):
            if (pathlib.Path(given) / name).is_file():
                shutil.copy(pathlib.Path(given) / name, box.state / name)
    else:
        build = pathlib.Path(harness.BINARY).parent
        subprocess.run(["ninja", "-C", str(build), "cadencia_fill"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([str(build / "tests" / "cadencia_fill"), str(box.state / "cadencia.db"), str(calls // 2), str(calls), "90"], check=True,
                       stdout=subprocess.DEVNULL)
    box.cli("campaign", "stop", "spring")


def bench(folder, far_end, far_binary, seconds):
    calls, rate = int(os.environ.get("CADENCIA_EXPORT_CALLS", "1000000")), int(os.environ.get("CADENCIA_EXPORT_DIALS", "40"))
    trunk = harness.free_port()
    far = far_end(far_binary, trunk, harness.free_port(), 0)
    far.port = trunk
    box = harness.Box(pathlib.Path(folder), trunk, calls_per_s=rate)
    box.config.write_text(box.config.read_text().replace("contacts = 1000000;", f"contacts = 20000000; agents = {rate + 40};"))
    store(box, calls)
    box.start()
    time.sleep(2)
    imports.dials(box, far, rate, 3 * seconds + 300)
    box.cli("campaign", "start", "dials")
    time.sleep(10)
    marks, runs = [(time.monotonic(), far.ask()["invites"], imports.store_waits(box), commits(box))], []
    time.sleep(seconds)
    marks.append((time.monotonic(), far.ask()["invites"], imports.store_waits(box), commits(box)))
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(runs) < 2:
        runs.append(export(box, ("csv", "jsonl")[len(runs) % 2]))
    marks.append((time.monotonic(), far.ask()["invites"], imports.store_waits(box), commits(box)))
    box.cli("campaign", "stop", "dials")
    box.stop()
    far.stop()
    db = sqlite3.connect(f"file:{box.state}/cadencia.db?mode=ro", uri=True)
    rows = db.execute("SELECT count(*) FROM attempt").fetchone()[0]
    db.close()
    told = {name: {"seconds": round(b[0] - a[0], 1), "attempts_per_s": round((b[1] - a[1]) / (b[0] - a[0]), 1), "commits": commit_waits(a[3], b[3]),
                   **imports.waits(a[2], b[2])} for name, a, b in zip(("before", "exporting"), marks, marks[1:])}
    return {"rows": rows, "rows_per_cpu_s": {r["format"]: round(rows / r["cpu_s"]) for r in runs}, "runs": runs, "load": os.getloadavg()[0], **told}
