#!/usr/bin/env python3
"""Identities between reports: the same calls, looked at from several sides, must add up to the same.

Usage: identities.py FOLDER     with outbound.json, hourly.json, ... as `cadencia report KIND --json` printed them
"""
import json
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[1])
REPORTS = {k: json.loads((FOLDER / f"{k}.json").read_text()) for k in
           ("outbound", "hourly", "best_time", "trunks", "numbers", "detector", "abandonment")}
OUTCOMES = ("connected abandoned early_hangups machines messages_left screened faxes dead_air no_answer busy rejected unwanted blocked invalid_numbers "
            "congestion cancelled failed interrupted").split()
faults = []


def total(kind):
    return REPORTS[kind]["total"]["figures"]


def must(true, text):
    if not true:
        faults.append(text)


for kind in ("hourly", "best_time", "trunks", "numbers", "detector"):
    for figure, value in total(kind).items():
        if figure in total("outbound"):
            must(value["value"] == total("outbound")[figure]["value"] and value["num"] == total("outbound")[figure]["num"], f"{kind} and outbound differ in {figure}: {value} {total('outbound')[figure]}")
for kind, report in REPORTS.items():
    if kind == "abandonment":
        continue
    for figure, value in total(kind).items():
        must(value["num"] == sum(line["figures"][figure]["num"] for line in report["lines"]), f"{kind}: the lines of {figure} are not the total")
        must(value["den"] == 1 or value["den"] == sum(line["figures"][figure]["den"] for line in report["lines"]), f"{kind}: {figure}, denominators")
for line in [*REPORTS["outbound"]["lines"], REPORTS["outbound"]["total"]]:
    f = {k: v["num"] for k, v in line["figures"].items()}
    must(sum(f[k] for k in OUTCOMES) == f["dials"], f"{line['key']}: outcomes {sum(f[k] for k in OUTCOMES)} of {f['dials']} dials")
    must(f["live"] == f["connected"] + f["abandoned"], f"{line['key']}: live is connected and abandoned")
    must(f["conversions"] <= f["right_party"] and f["human"] <= f["answered"] <= f["dials"], f"{line['key']}: a part is greater than the whole")
for line in REPORTS["outbound"]["lines"]:
    f = line["figures"]
    for rule in ("US_TSR", "UK_OFCOM_2015", "UK_OFCOM_AMD", "CA_CRTC"):
        mine = [w for w in REPORTS["abandonment"]["lines"] if w["campaign"] == line["key"] and w["rule"] == rule]
        must(sum(w["live"] for w in mine) == f["live"]["num"], f"{line['key']} {rule}: live answers of its windows")
        must(sum(w["abandoned"] for w in mine) == f["abandoned"]["num"], f"{line['key']} {rule}: abandoned calls of its windows")
        must(all(a["to"] <= b["from"] for a, b in zip(mine, mine[1:])), f"{line['key']} {rule}: windows overlap")
if (FOLDER / "queues.json").exists():  # callers by queue, and by campaign from their rows
    queues, callers = (json.loads((FOLDER / f"{k}.json").read_text()) for k in ("queues", "inbound"))
    mine, theirs = queues["total"]["figures"], callers["total"]["figures"]
    for one, other in (("offered", "offered"), ("answered", "in_answered"), ("longest_wait_ms", "longest_wait"), ("wait_answered_ms", "asa")):
        must(mine[one]["num"] == theirs[other]["num"], f"queues and inbound differ in {one}: {mine[one]} {theirs[other]}")
    must(sum(mine[k]["num"] for k in ("abandoned", "timed_out", "full", "closed", "broken")) == theirs["in_abandoned"]["num"], "callers who were not served")
    must(mine["offered"]["num"] > 0 and mine["in_time"]["num"] <= mine["answered"]["num"], f"queues: {mine}")
    for figure, value in mine.items():
        if figure != "longest_wait_ms":
            must(value["num"] == sum(line["figures"][figure]["num"] for line in queues["lines"]), f"queues: the lines of {figure} are not the total")
print("\n".join(faults) if faults else "the reports agree with one another")
sys.exit(1 if faults else 0)
