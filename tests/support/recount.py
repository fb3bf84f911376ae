#!/usr/bin/env python3
"""Recomputes every figure of `cadencia report KIND --json` from exported JSON lines alone: an independent witness.

Usage: recount.py FOLDER [CALLS.jsonl]     exit 0: equal to the last digit
FOLDER holds calls.jsonl, agents.jsonl, contacts.jsonl, campaigns.jsonl and callers.jsonl as `cadencia export` wrote them, and KIND.json of every
report. It shares no code with the product; the formulas are those of docs/kpi.md, read by a person.
"""
import datetime
import decimal
import json
import pathlib
import sys
import zoneinfo
from collections import defaultdict

KINDS = ("outbound", "hourly", "best_time", "agents", "pauses", "lists", "inbound", "detector", "trunks", "numbers")


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
        m["offered"], m["in_wait_ms"], m["longest_wait"] = 1, wait, wait
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
    m["machines_labelled"] = c["verdict"] == "machine" and c["label"] is not None
    m["people_lost"] = c["verdict"] == "machine" and c["label"] == "person"
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
    "people_lost_rate": (100, ["people_lost"], ["machines_labelled"]),
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


def gather(to, m):
    """Adds up; of the longest wait the greatest counts."""
    for name, value in m.items():
        to[name] = max(to[name], value) if name == "longest_wait" else to[name] + value


STATES = {"paused": "paused_ms", "ready": "ready_ms", "reserved": "reserved_ms", "talking": "talking_ms", "wrapup": "wrapping_ms"}


def fold(kind, calls, agents, contacts):
    groups = defaultdict(lambda: defaultdict(int))
    if kind == "lists":
        human = {c["contact_id"] for c in calls if measures(c)["human"]}
        for c in contacts:
            g = groups[f"{c['list_id']} {c['list']}"]
            g["leads"] += 1
            g["list_attempts"] += c["tries"]
            g["tried"] += c["tries"] > 0
            g["finished"] += c["status"] == "done"
            g["reached"] += c["contact_id"] in human
        return groups
    for a in agents if kind in ("agents", "pauses") else []:
        if kind == "pauses" and a["state"] != "paused":
            continue
        where = a["agent"] if kind == "agents" else f"{a['agent']} {a['reason'] or '-'}"
        gather(groups[where], {STATES[a["state"]]: max(0, ms(a["to_at"]) - ms(a["from_at"]))} if a["state"] in STATES else {})
    for c in calls if kind != "pauses" else []:
        k = key(kind, c)
        if k is not None:
            gather(groups[k], measures(c))
    return groups


# ---- intervals: Wilson 1927, with z of 95 %, in as many digits as it takes

Z = decimal.Decimal("1.959963984540054")


def wilson_bp(k, n):
    if n <= 0:
        return 0, 10000
    k, n, z2 = decimal.Decimal(k), decimal.Decimal(n), Z * Z
    p = k / n
    centre, half, scale = p + z2 / (2 * n), Z * (p * (1 - p) / n + z2 / (4 * n * n)).sqrt(), 1 + z2 / n
    ends = max((centre - half) / scale, decimal.Decimal(0)), min((centre + half) / scale, decimal.Decimal(1))
    return tuple(int((10000 * e + decimal.Decimal("0.5")).to_integral_value(decimal.ROUND_FLOOR)) for e in ends)


INTERVALS = {"detector": ("agent_machine_rate", "people_lost_rate"), "best_time": ("human_rate",), "numbers": ("answer_rate",)}


def alerts(groups, total):
    """Calling numbers that want rest: answered surely less than all others (50 calls at least), or blocked (3 calls and 1 % at least)."""
    said = []
    for k, m in sorted(groups.items()):
        high, low = wilson_bp(m["answered"], m["dials"])[1], wilson_bp(total["answered"] - m["answered"], total["dials"] - m["dials"])[0]
        fewer = m["dials"] >= 50 and total["dials"] > m["dials"] and high < low
        blocked = m["blocked"] >= 3 and m["blocked"] * 100 >= m["dials"]
        if fewer or blocked:
            said.append({"key": k, "answered_less": fewer, "blocked": blocked, "blocked_calls": m["blocked"], "dials": m["dials"]})
    return said


# ---- the worksheet of abandonment

DAY, PERIOD = 86400000, 30 * 86400000
CAPITAL = {"US": "America/New_York", "CA": "America/Toronto", "GB": "Europe/London", "ES": "Europe/Madrid", "MX": "America/Mexico_City"}


def window(rule, campaign, at):
    if rule == "US_TSR":
        started = ms(campaign["started_at"])
        if started is None:
            return at // PERIOD * PERIOD, at // PERIOD * PERIOD + PERIOD
        begins = started + (at - started) // PERIOD * PERIOD
        return begins, begins + PERIOD
    zone = zoneinfo.ZoneInfo(json.loads(campaign["def"]).get("zone") or CAPITAL[campaign["country"]])
    day = datetime.datetime.fromtimestamp(at / 1000, zone).date()
    first, after = day, day + datetime.timedelta(days=1)
    if rule == "CA_CRTC":
        first = day.replace(day=1)
        after = (first + datetime.timedelta(days=32)).replace(day=1)
    return tuple(int(datetime.datetime(d.year, d.month, d.day, tzinfo=zone).timestamp() * 1000) for d in (first, after))


def windows(calls, campaigns):
    """What the rows make of each campaign, rule and window."""
    sheet, sample = defaultdict(lambda: defaultdict(int)), defaultdict(lambda: [0, 0])
    for c in calls:
        if c["direction"] != "outbound":
            continue
        m, at, campaign = measures(c), ms(c["started_at"]), campaigns[c["campaign"]]
        judged = c["outcome"] in ("machine", "message_left")
        sample[c["campaign"]][0] += m["machines_labelled"]
        sample[c["campaign"]][1] += m["people_lost"]
        for rule in ("US_TSR", "UK_OFCOM_2015", "UK_OFCOM_AMD", "CA_CRTC"):
            if c["live"] or (judged and rule == "UK_OFCOM_AMD"):
                w = sheet[(c["campaign"], rule, *window(rule, campaign, at))]
                gather(w, m)
                w["judged"] += judged
    return sheet, sample


def truncated(n, d):
    return abs(n) // d * (1 if n >= 0 else -1)


def line(rule, m, campaign, sample):
    d, served = m["abandoned"], m["connected"]
    h, (n, w), machines, estimate = served - m["agent_machines"], (0, 0), 0, ""
    num, den, k, answers = d, m["live"], d, m["live"]
    limit = 500 if rule == "CA_CRTC" else 300
    if rule == "US_TSR":
        limit = json.loads(campaign["def"]).get("limit_bp") or limit
    if rule == "UK_OFCOM_2015" and served:
        num, den, answers = d * h, h * served + d * h, served + d
    if rule == "UK_OFCOM_AMD":
        (n, w), machines = sample, m["judged"]
        declared = json.loads(campaign["def"])
        f = declared.get("fp_bp", 0) if declared["screening"] else 0
        t, num, den = (n, d * n + machines * w, d * n + machines * w + h * n) if n >= 30 else (10000, d * (10000 - f) + (d + h) * f, 10000 * (d + h))
        estimate = "sample" if n >= 30 else "declared" if f else "none"
        k, answers = (2 * num + t) // (2 * t), (2 * den + t) // (2 * t)
    hundredths = (2 * num * 10000 + den) // (2 * den) if den else 0
    return {"live": m["live"], "abandoned": d, "agent_machines": m["agent_machines"], "machines": machines, "sample": n, "sample_people": w,
            "num": num, "den": den, "rate": f"{hundredths // 100}.{hundredths % 100:02d}" if den else "-", "limit_bp": limit,
            "up_to_bp": wilson_bp(k, answers)[1], "credit_milli": truncated((limit * answers - 10000 * k) * 1000, 10000 - limit),
            "within": 10000 * num <= limit * den, "estimate": estimate}


def worksheet(report, calls, campaigns):
    faults, (sheet, sample) = 0, windows(calls, campaigns)
    shown = {(w["campaign"], w["rule"], ms(w["from"]), ms(w["to"])): w for w in report["lines"]}
    for at in sorted(set(shown) ^ set(sheet)):
        faults += 1
        print(f"abandonment {at}: {'the rows have no such window' if at in shown else 'the sheet has no such window'}")
    for at in set(shown) & set(sheet):
        for name, value in line(at[1], sheet[at], campaigns[at[0]], sample[at[0]]).items():
            if shown[at][name] != value:
                faults += 1
                print(f"abandonment {at} {name}: the sheet says {shown[at][name]}, the rows say {value}")
    print(f"abandonment: {len(shown)} windows, {faults} differ")
    return faults + (not shown)


# ---- every report

def recount(kind, report, calls, agents, contacts):
    groups = fold(kind, calls, agents, contacts)
    faults, figures = 0, 0
    shown = {x["key"]: x["figures"] for x in report["lines"]}
    if set(shown) != set(groups):
        print(f"{kind}: the report has lines {sorted(set(shown) ^ set(groups))[:5]} that the rows do not have, or the other way")
        faults += 1
    total = defaultdict(int)
    for g in groups.values():
        gather(total, g)
    for k, m in [*groups.items(), (None, total)]:
        for name, value in (report["total"]["figures"] if k is None else shown.get(k, {})).items():
            figures += 1
            n, d, text = figure(name, m)
            true = {"num": n, "den": d, "value": text}
            if name in INTERVALS.get(kind, ()) and d:
                true["low_bp"], true["high_bp"] = wilson_bp(n, d)
            if value != true:
                faults += 1
                print(f"{kind} {k or 'TOTAL'} {name}: the report says {value}, the rows say {true}")
    if kind == "numbers" and report["alerts"] != alerts(groups, total):
        faults += 1
        print(f"numbers: the alerts are {report['alerts']}, the rows say {alerts(groups, total)}")
    print(f"{kind}: {figures} figures, {faults} differ")
    return faults + (figures == 0)


# ---- callers by queue

def callers(report, rows):
    queues, shown, faults = defaultdict(list), sorted((x["key"], json.dumps(x["figures"], sort_keys=True)) for x in report["lines"]), 0
    for r in rows:
        queues[(r["queue_id"], r["queue"])].append(r)
    def sums(of):
        n = lambda word: [r for r in of if r["ended"] == word]
        fast = sum(r["wait_ms"] <= r["service_ms"] for r in n("answered"))
        could = len(n("answered")) + len(n("abandoned")) + len(n("timed_out")) + len(n("full"))
        counts = {"offered": len(of), "answered": len(n("answered")), "in_time": fast, **{w: len(n(w)) for w in ("abandoned", "timed_out", "full", "closed", "broken")}}
        told = {k: {"num": v, "den": 1, "value": str(v)} for k, v in counts.items()}
        told["longest_wait_ms"] = {"num": max((r["wait_ms"] for r in of), default=0), "den": 1}
        told["longest_wait_ms"]["value"] = str(told["longest_wait_ms"]["num"])
        for name, num, den, scale in (("service_level", fast, could, 10000), ("wait_answered_ms", sum(r["wait_ms"] for r in n("answered")), counts["answered"], 1),
                                      ("wait_abandoned_ms", sum(r["wait_ms"] for r in n("abandoned")), counts["abandoned"], 1)):
            up = (2 * num * scale + den) // (2 * den) if den else None
            told[name] = {"num": num, "den": den, "value": "-" if up is None else f"{up // 100}.{up % 100:02d}" if scale > 1 else str(up)}
        return told
    true = sorted((name, json.dumps(sums(of), sort_keys=True)) for (_, name), of in queues.items())
    faults += shown != true
    faults += report["total"]["figures"] != sums(rows)
    if faults:
        print(f"queues: the report says {report}, the rows say {true} and {sums(rows)}")
    print(f"queues: {len(shown)} lines, {faults} differ")
    return faults + (not rows and bool(shown))


def main(argv):
    folder = pathlib.Path(argv[0])
    calls, agents, contacts = lines(argv[1] if len(argv) > 1 else folder / "calls.jsonl"), lines(folder / "agents.jsonl"), lines(folder / "contacts.jsonl")
    campaigns = {c["campaign"]: c for c in lines(folder / "campaigns.jsonl")}
    faults = sum(recount(kind, json.loads((folder / f"{kind}.json").read_text()), calls, agents, contacts) for kind in KINDS)
    faults += worksheet(json.loads((folder / "abandonment.json").read_text()), calls, campaigns)
    if (folder / "queues.json").exists():
        faults += callers(json.loads((folder / "queues.json").read_text()), lines(folder / "callers.jsonl"))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
