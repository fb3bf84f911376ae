"""Overload: more callers a second than the box takes. Who is taken is served and kept, who is not gets 503, and after it all is as before."""
import json
import pathlib
import time

import harness
from callers import callers

REST_S = 50  # the stack keeps what it knows of a call for 32 s, and gives memory back every 15 s


def bench(folder, seconds, rate=600, limit=150):
    trunk_port = harness.free_port()
    box = harness.Box(folder, trunk_port, calls=limit, channels=limit, calls_per_s=rate)
    box.start()
    box.campaign()
    queue = pathlib.Path(folder) / "queue.conf"
    queue.write_text('campaign = "test"; music = ""; say_place = false; timeout_s = 60; places = 0;')
    box.cli("queue", "create", "help", "--from", str(queue))
    box.cli("did", "add", "12025550000", "help")

    def rows():
        return box.query("SELECT count(*) AS n, sum(ended IS NOT NULL) AS closed FROM arrival")[0]

    def memory():
        return sum(pss_of(pid) for pid in [box.process.pid, *box.children()])

    def now():
        return json.loads(box.cli("queue", "show", "help", "--json").stdout)["now"]

    callers(folder, "warm", box, trunk_port, 50, 25)
    callers(folder, "before", box, trunk_port, rate * 5, rate)  # the first flood makes the pools that every later one uses
    time.sleep(REST_S)
    calm, first, counted = memory(), rows()["n"], now()
    flood = callers(folder, "flood", box, trunk_port, rate * seconds, rate)
    ended = time.monotonic()
    after = callers(folder, "after", box, trunk_port, 20, 20)
    harness.wait_for("every call is closed", lambda: rows()["n"] == rows()["closed"], 30, 0.2)
    back = time.monotonic() - ended
    done, last = rows(), now()
    time.sleep(REST_S)
    grown = memory() - calm
    offered = last["offered"] - counted["offered"]
    box.stop()
    made, failed = flood["made"] + after["made"], flood["failed"] + after["failed"]
    return {"offered_per_s": rate, "calls_at_once_limit": limit, "callers": made, "taken": offered,
            "refused_503": made - failed - offered,  # SIPp takes nothing but 200 and 503 for good
            "of_them_by_the_floor": last["refused"] - counted["refused"],  # the others by the SIP worker: 256 waited already
            "rows": done["n"] - first, "rows_lost": offered - (done["n"] - first),
            "rows_open": done["n"] - done["closed"], "failed_otherwise": failed, "failed_after": after["failed"],
            "back_to_normal_s": round(back, 1), "memory_grown_kb": grown}


def pss_of(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
