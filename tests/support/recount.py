#!/usr/bin/env python3
"""Recomputes every figure of `cadencia report KIND --json` from exported JSON lines alone: an independent witness.

Usage: recount.py KIND CALLS.jsonl [AGENTS.jsonl|CONTACTS.jsonl] < REPORT.json     exit 0: equal to the last digit
It shares no code with the product; the formulas are those of docs/kpi.md, read by a person.
"""
import datetime
import json
import sys
from collections import defaultdict


def ms(text):
    if not text:
        return None
    t = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return round(t.timestamp() * 1000)


ONE_OF = {"machine": "machines", "message_left": "messages_left", "screening": "screened", "fax": "faxes", "dead_air": "dead_air", "no_answer": "no_answer", "busy": "busy",
          "rejected": "rejected", "unwanted": "unwanted", "blocked": "blocked", "invalid_number": "invalid_numbers", "congestion": "congestion",
          "cancelled": "cancelled", "failed": "failed", "interrupted": "interrupted", "early_hangup": "early_hangups", "connected": "connected"}


def measures(c):
    m = defaultdict(int)
    started, ended, answered, bridged = (ms(c[k]) for k in ("started_at", "ended_at", "answered_at", "bridged_at"))
    category, outcome = c["category"], c["outcome"]
    m["talk_ms"], m["wrapup_ms"] = c["talk_ms"], c["wrapup_ms"]
    m["right_party"] = c["party"] in ("right_party", "conversion")
    m["conversions"] = c["party"] == "conversion"
    if c["direction"] == "inbound":
        m["connected"] = outcome == "connected"
        over = bridged is not None or ended is not None
        wait = (bridged if bridged is not None else ended) - started if over else 0
        m["offered"], m["in_wait_ms"] = 1, wait
        m["in_offered_long"] = not (over and bridged is None and wait <= 5000)
        if bridged is not None:
            m["in_answered"], m["in_answered_fast"], m["in_wait_answered_ms"] = 1, wait <= 20000, wait
        elif over:
            m["in_abandoned"], m["in_abandoned_fast"], m["in_abandoned_slow"] = 1, wait <= 20000, wait > 20000
            m["in_abandoned_long"], m["in_wait_abandoned_ms"] = wait > 5000, wait
        return m
    m["dials"], m["answered"], m["live"], m["abandoned"] = 1, answered is not None, c["live"], c["abandoned"]
    m["human"] = outcome in ("connected", "abandoned", "early_hangup") and c["party"] != "nobody"
    if outcome in ONE_OF:
        m[ONE_OF[outcome]] = 1
    m["network_good"] = answered is not None or outcome in ("busy", "no_answer", "rejected", "unwanted")
    m["agent_machines"] = outcome == "connected" and category == "machine"
    ringing = ms(c["ringing_at"])
    m["rang"] = ringing is not None
    m["post_dial_delay_ms"] = ringing - started if ringing is not None else 0
    m["answered_ms"] = ended - answered if answered is not None and ended is not None else 0
    heard = ms(c["greeting_end_at"]) if c["greeting_end_at"] else answered
    if outcome == "connected" and bridged is not None and heard is not None and bridged > heard:
        m["connect_wait_ms"] = bridged - heard
    return m


def key(kind, c):
    inbound = c["direction"] == "inbound"
    if kind == "agents":
        return c["agent"]
    if inbound != (kind == "inbound"):
        return None
    at, number = c["started_at"], (c["phone"] or "+0")[1:]
    prefix = number if len(number) < 4 else number[:4]
    if kind == "hourly":
        return f"{at[:10]} {at[11:13]}:00"
    if kind == "best_time":
        day = datetime.date.fromisoformat(at[:10]).isoweekday()
        return f"{day} {['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][day - 1]} {at[11:13]} {prefix}"
    if kind == "trunks":
        return c["trunk"] or ""
    if kind == "numbers":
        return f"{(c['caller_id'] or '+0')[1:]} {c['trunk'] or ''} {prefix}"
    return c["campaign"]


ALL_TIME = ["ready_ms", "reserved_ms", "talking_ms", "wrapping_ms", "paused_ms"]
FIGURES = {  # id: (scale or None for a count, numerator, denominator)
    "answer_rate": (100, ["answered"], ["dials"]), "human_rate": (100, ["human"], ["dials"]), "rpc_rate": (100, ["right_party"], ["dials"]),
    "rpc_of_human": (100, ["right_party"], ["human"]), "conversion_rate": (100, ["conversions"], ["right_party"]),
    "abandonment": (100, ["abandoned"], ["live"]), "blocked_rate": (100, ["blocked"], ["dials"]), "asr": (100, ["answered"], ["dials"]),
    "ner": (100, ["network_good"], ["dials"]), "agent_machine_rate": (100, ["agent_machines"], ["connected"]),
    "talk_avg": (1, ["talk_ms"], ["connected"]), "wrapup_avg": (1, ["wrapup_ms"], ["connected"]), "aht": (1, ["talk_ms", "wrapup_ms"], ["connected"]),
    "connect_wait": (1, ["connect_wait_ms"], ["connected"]), "pdd": (1, ["post_dial_delay_ms"], ["rang"]), "acd": (1, ["answered_ms"], ["answered"]),
    "asa": (1, ["in_wait_answered_ms"], ["in_answered"]), "wait_avg": (1, ["in_wait_ms"], ["offered"]),
    "wait_to_abandon": (1, ["in_wait_abandoned_ms"], ["in_abandoned"]),
    "service_level": (100, ["in_answered_fast"], ["in_answered", "in_abandoned_slow"]), "service_level_offered": (100, ["in_answered_fast"], ["offered"]),
    "service_level_all": (100, ["in_answered_fast", "in_abandoned_fast"], ["offered"]), "service_level_answered": (100, ["in_answered_fast"], ["in_answered"]),
    "in_abandonment": (100, ["in_abandoned_long"], ["in_offered_long"]), "in_abandonment_raw": (100, ["in_abandoned"], ["offered"]),
    "occupancy": (100, ["talking_ms", "wrapping_ms"], ["talking_ms", "wrapping_ms", "ready_ms", "reserved_ms"]),
    "utilisation": (100, ["talking_ms", "wrapping_ms", "ready_ms", "reserved_ms"], ALL_TIME),
    "waiting_ms": (None, ["ready_ms", "reserved_ms"], []), "logged_in_ms": (None, ALL_TIME, []),
    "sales_per_hour": (3600000, ["conversions"], ALL_TIME), "rpc_per_hour": (3600000, ["right_party"], ALL_TIME),
    "penetration": (100, ["tried"], ["leads"]), "reached_rate": (100, ["reached"], ["tried"]), "finished_rate": (100, ["finished"], ["leads"]),
    "attempts_per_lead": (1.0, ["list_attempts"], ["tried"]),
}


def figure(name, m):
    scale, num, den = FIGURES.get(name, (None, [name], []))
    n = sum(m[k] for k in num)
    if scale is None:
        return n, 1, str(n)
    d = sum(m[k] for k in den)
    if d == 0:
        return n, d, "-"
    if isinstance(scale, int) and scale == 1:
        return n, d, str((2 * n + d) // (2 * d))
    h = (2 * n * int(scale) * 100 + d) // (2 * d)
    return n, d, f"{h // 100}.{h % 100:02d}"


def lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(x) for x in f]


def fold(kind, calls, others):
    groups = defaultdict(lambda: defaultdict(int))
    if kind == "lists":
        human = {c["contact_id"] for c in calls if measures(c)["human"]}
        for c in others:
            g = groups[f"{c['list_id']} {c['list']}"]
            g["leads"] += 1
            g["list_attempts"] += c["tries"]
            g["tried"] += c["tries"] > 0
            g["finished"] += c["status"] == "done"
            g["reached"] += c["contact_id"] in human
        return groups
    for c in calls:
        k = key(kind, c)
        if k is None:
            continue
        for name, value in measures(c).items():
            groups[k][name] += value
    states = {"paused": "paused_ms", "ready": "ready_ms", "reserved": "reserved_ms", "talking": "talking_ms", "wrapup": "wrapping_ms"}
    for a in others if kind == "agents" else []:
        if a["state"] in states:
            groups[a["agent"]][states[a["state"]]] += max(0, ms(a["to_at"]) - ms(a["from_at"]))
    return groups


def worksheet(report, calls):
    """Every live answer lies in one window of each rule, and each line is what its window holds."""
    faults = 0
    rows = [(c["campaign"], ms(c["started_at"]), measures(c)) for c in calls if c["direction"] == "outbound" and c["live"]]
    for rule in ("US_TSR", "UK_OFCOM_2015", "CA_CRTC"):
        mine = [w for w in report["lines"] if w["rule"] == rule]
        met = 0
        for w in mine:
            m = defaultdict(int)
            for campaign, at, values in rows:
                if campaign == w["campaign"] and ms(w["from"]) <= at < ms(w["to"]):
                    met += 1
                    for name, value in values.items():
                        m[name] += value
            d, all_had = m["abandoned"], m["connected"]
            h = all_had - m["agent_machines"]
            num, den = (d * h, h * all_had + d * h) if rule == "UK_OFCOM_2015" and all_had else (d, m["live"])
            limit = w["limit_bp"]
            hundredths = (2 * num * 10000 + den) // (2 * den) if den else 0
            said = (w["live"], w["abandoned"], w["agent_machines"], w["num"], w["den"], w["within"], w["rate"])
            true = (m["live"], d, m["agent_machines"], num, den, 10000 * num <= limit * den, f"{hundredths // 100}.{hundredths % 100:02d}" if den else "-")
            if said != true:
                faults += 1
                print(f"abandonment {w['campaign']} {rule} {w['from']}: the sheet says {said}, the rows say {true}")
        if met != len(rows):
            faults += 1
            print(f"abandonment {rule}: {met} of {len(rows)} live answers lie in a window")
    print(f"abandonment: {len(report['lines'])} windows, {faults} differ")
    return 1 if faults or not report["lines"] else 0


def main(argv):
    kind, report = argv[0], json.load(sys.stdin)
    if kind == "abandonment":
        return worksheet(report, lines(argv[1]))
    groups = fold(kind, lines(argv[1]), lines(argv[2]) if len(argv) > 2 else [])
    faults, figures = 0, 0
    shown = {line["key"]: line["figures"] for line in report["lines"]}
    if set(shown) != set(groups):
        print(f"{kind}: the report has lines {sorted(set(shown) ^ set(groups))[:5]} that the rows do not have, or the other way")
        faults += 1
    total = defaultdict(int)
    for g in groups.values():
        for name, value in g.items():
            total[name] += value
    for k, m in [*groups.items(), (None, total)]:
        for name, value in (report["total"]["figures"] if k is None else shown.get(k, {})).items():
            figures += 1
            if (value["num"], value["den"], value["value"]) != figure(name, m):
                faults += 1
                print(f"{kind} {k or 'TOTAL'} {name}: the report says {value}, the rows say {figure(name, m)}")
    print(f"{kind}: {figures} figures, {faults} differ")
    return 1 if faults or figures == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
