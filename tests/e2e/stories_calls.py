"""Stories of single calls: what the far side may do, and what the call log says of it."""
import collections
import os
import re
import time

import peers
from harness import SANITIZED, kept_port, stage, wait_for
from peers import Phone, tone
from scene import HELLO_THEN_QUIET, PHONES, agents_answer, called, loudness
from sipp import Sipp, carrier_scenario

OUTCOMES = {  # last two digits: (behaviour of SIPp, outcome, sip_code, cause)
    "10": ("busy", "busy", "486", "busy"),
    "11": ("unknown", "invalid_number", "404", "invalid_number"),
    "12": ("unavailable", "congestion", "503", "congestion"),
    "13": ("declined", "rejected", "603", "rejected"),
    "14": ("declined_by_network", "blocked", "603", "blocked"),
    "15": ("unwanted", "unwanted", "607", "unwanted"),
    "16": ("blocked", "blocked", "608", "blocked"),
    "17": ("moved", "failed", "302", "redirected"),
    "18": ("silence", "failed", "408", "timeout"),
    "19": ("early_busy", "busy", "486", "busy"),
    "20": ("late", "connected", "200", "normal"),
    "21": ("hang_up", "", "200", "normal"),
    "22": ("talks", "connected", "200", "normal"),
    "23": ("never", "no_answer", "487", "cancelled"),
}


def number(digits):
    return f"+120255501{digits}"


def every_final_response_becomes_an_outcome():
    """A carrier refuses, redirects, stays silent, rings for 25 s, answers and hangs up at once. Each number gets
    the outcome, code and cause of the call log's dictionary, exactly one row, and nothing is left on the floor."""
    with stage() as (box, trunk_port, actors, folder):
        agent_port = kept_port()
        actors.append(Sipp(folder, "carrier", carrier_scenario({d: k for d, (k, *_) in OUTCOMES.items()}), trunk_port))
        agents_answer(folder, actors, agent_port)
        box.start()
        box.campaign(ratio="5.0", ring_ms=28000, extra="retry = ();")
        for i in range(3):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{agent_port}")
        box.seats_up(3)
        box.contacts([number(d) for d in OUTCOMES])
        box.cli("campaign", "start", "test")
        wait_for("all rows closed", lambda: len(box.closed_rows()) == len(OUTCOMES), 75, 1)
        rows = {r["phone"][-2:]: r for r in box.rows()}
        wrong = []
        for digits, (behaviour, outcome, code, cause) in OUTCOMES.items():
            r = rows[digits]
            allowed = {outcome} if outcome else {"connected", "early_hangup"}
            if r["outcome"] not in allowed or r["sip_code"] != code or r["cause"] != cause:
                wrong.append(f"{behaviour}: {r['outcome']} {r['sip_code']} {r['cause']}, wanted {outcome} {code} {cause}")
        assert not wrong, "\n".join(wrong)
        assert rows["23"]["ended_by"] == "system"
        assert rows["22"]["ended_by"] == "callee" and int(rows["22"]["talk_ms"]) > 500, rows["22"]
        assert rows["20"]["agent"], rows["20"]
        wait_for("the floor is empty", lambda: box.status()["calls"] == 0, 10)
        the_trunk_counts_what_the_log_says(box, list(rows.values()))


def the_trunk_counts_what_the_log_says(box, rows):
    """The trunk's counters since the start, against a count of the log: attempts, answers, what reached the far end (ITU-T E.425), causes."""
    t = box.status()["trunks"][0]
    answered = sum(bool(r["answered_at"]) for r in rows)
    reached = sum(bool(r["answered_at"] or r["ringing_at"]) or r["cause"] in ("busy", "rejected", "no_answer", "unwanted") for r in rows)
    assert (t["attempts"], t["answered"], t["reached"], t["calls"]) == (len(rows), answered, reached, 0), t
    assert abs(t["asr_percent"] - 100 * answered / len(rows)) < 0.01 and abs(t["ner_percent"] - 100 * reached / len(rows)) < 0.01, t
    assert t["causes"] == dict(collections.Counter(r["cause"] for r in rows)), t
    assert 0 < t["pdd_ms"] < 20000 and answered < reached < len(rows), t


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def two_thousand_calls_leave_two_thousand_rows():
    """2,000 calls at 50 a second on one UDP trunk, half of them busy: exactly 2,000 rows, the right outcomes, no call, socket
    or descriptor left, and memory that does not grow with the number of calls."""
    n = int(os.environ.get("CADENCIA_E2E_CALLS", "2000"))
    with stage(calls=400, channels=400, calls_per_s=50) as (box, trunk_port, actors, folder):
        agent_port = kept_port()
        scenario = carrier_scenario({f"{d:02d}": "busy" for d in range(0, 100, 2)}, talk_ms=300)
        actors.append(Sipp(folder, "carrier", scenario, trunk_port))
        agents_answer(folder, actors, agent_port)
        box.start()
        box.campaign(ratio="5.0", wrapup_s=0, extra="retry = ();")
        for i in range(10):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{agent_port}")
        box.seats_up(10)
        phones = [f"1{npa}{nxx}{line:04d}" for npa in (202, 212, 312) for nxx in (555,) for line in range(100, 100 + (n + 2) // 3)][:n]
        box.contacts(phones)
        box.cli("campaign", "start", "test")

        def closed():
            return box.query("SELECT count(*) AS n FROM attempt WHERE ended IS NOT NULL")[0]["n"]

        worker = box.child("sip-worker")
        wait_for("half of the calls over", lambda: closed() >= n // 2, 60 + n // 16, 1)
        before = resident_kb(box.process.pid), resident_kb(worker)
        wait_for("all calls over", lambda: closed() >= n, 60 + n // 8, 1)
        rows = box.rows()
        assert len(rows) == n and len({r["phone"] for r in rows}) == n, len(rows)
        # SIPp gives a call up when its own repeated refusal crosses our repeated INVITE: on a bad line one or two in thousands.
        crossed = [r for r in rows if r["sip_code"] == "408"]
        assert len(crossed) <= (n // 500 if peers.BAD_LINE else 0), crossed
        for r in [r for r in rows if r not in crossed]:
            even = int(r["phone"][-2:]) % 2 == 0
            assert r["outcome"] in ({"busy"} if even else {"connected", "early_hangup", "abandoned"}), r
        late = sum(r["outcome"] == "abandoned" for r in rows)  # hangs up after 300 ms: only a starved machine makes it two seconds
        assert late <= n // 50, f"{late} of {n} waited for two seconds"
        wait_for("the floor is empty", lambda: box.status()["calls"] == 0, 10)
        assert box.child("sip-worker") == worker, "the SIP worker did not live through it"
        descriptors = len(os.listdir(f"/proc/{box.process.pid}/fd"))
        assert descriptors < 2 * 400 + 2 * 256 + 100, f"{descriptors} descriptors are open"
        assert len(os.listdir(f"/proc/{worker}/fd")) < 40
        grown = resident_kb(box.process.pid) - before[0], resident_kb(worker) - before[1]
        assert SANITIZED or max(grown) < 8192, f"the second half of the calls took {grown} kB (daemon, SIP worker)"


def nobody_free_means_the_message_and_the_key_opts_out():
    """Two people's phones ring, one of the two agents leaves for a break, both pick up: one is served, the other hears the safe-harbour message
    within 2 s of his greeting's end, presses 9, and is on the do-not-call list; the log counts him as abandoned."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, sound=lambda c: HELLO_THEN_QUIET, answer=False)
        agents = [Phone(sound=tone(1000, 3000)) for _ in range(2)]
        actors += [customer, *agents]
        box.start()
        box.campaign(mode="progressive", screening="true", wrapup_s=5, extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.seats_up(2)
        box.contacts(PHONES[:2])
        box.cli("campaign", "start", "test")
        wait_for("two phones ring", lambda: len(customer.calls) == 2, 20)
        box.cli("agent", "pause", "agent1")
        customer.answer = True
        served = wait_for("one hears the agent", lambda: customer.hears(1000, 2000), 20)
        alone = wait_for("the other", lambda: next((c for c in customer.up() if c is not served), None), 10)
        wait_for("the message", lambda: loudness(alone["heard"][-1600:]) > 1000 and peers.level_of(alone["heard"][-1600:], 1000) < 2000, 12)
        customer.press(alone, "9")
        wait_for("the end after the key", lambda: alone["state"] == "over", 6)
        row = wait_for("the row", lambda: [r for r in box.closed_rows() if r["outcome"] == "abandoned"], 5)[0]
        assert row["phone"] == called(alone), row
        assert row["abandoned"] == "1" and row["greeting_end_at"] and not row["bridged_at"], row
        assert row["ended_by"] == "callee", row
        wait_for("the number on the list", lambda: box.cli("dnc", "check", "+" + row["phone"], "--campaign", "test", check=False).returncode == 1, 3)
        other = box.cli("dnc", "check", "+" + called(served), "--campaign", "test", check=False)
        assert other.returncode == 0, other.stdout + other.stderr


def one_customer(box, actors, customer, screening="false", ring_ms=30000):
    """An agent who is there, one contact, and `customer` as the carrier: the phone of that contact."""
    agent = Phone(sound=tone(1000, 4000))
    actors += [customer, agent]
    box.start()
    box.campaign(mode="progressive", screening=screening, ring_ms=ring_ms, extra="retry = ();")
    box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
    box.seats_up()
    box.contacts(PHONES[:1])
    box.cli("campaign", "start", "test")
    call = wait_for("the INVITE", lambda: customer.calls, 20)[0]
    return agent, call


def only_row(box, seconds=10):
    rows = wait_for("the row is closed", box.closed_rows, seconds)
    assert len(box.rows()) == 1, box.rows()
    return rows[0]


def a_phone_rings_its_whole_time_before_we_give_up():
    """Nobody picks up and ring time is the least allowed: CANCEL comes after 15 s of ringing, never before; the outcome is no_answer."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, answer=False)
        _, call = one_customer(box, actors, customer, ring_ms=15000)
        wait_for("CANCEL", lambda: call["cancelled_at"], 25)
        assert call["cancelled_at"] - call["since"] >= 15.0, call["cancelled_at"] - call["since"]
        row = only_row(box)
        assert (row["outcome"], row["sip_code"], row["ended_by"], row["answered_at"]) == ("no_answer", "487", "system", ""), row


def picking_up_in_the_moment_of_cancel_is_served():
    """200 crosses our CANCEL: the person is on the line. He gets the agent who is there, or at least an end; never a dead line."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, answer=False, on_cancel="200", sound=tone(400, 4000))
        agent, call = one_customer(box, actors, customer, ring_ms=15000)
        wait_for("CANCEL", lambda: call["cancelled_at"], 25)
        wait_for("ACK of the 200", lambda: call["acked"], 5)
        wait_for("the agent, or the end", lambda: customer.hears(1000, 2000) or call["state"] == "over", 8)
        if call["state"] != "over":
            wait_for("the agent hears him", lambda: agent.hears(400, 2000), 3)
            customer.hang_up(call)
        row = only_row(box)
        assert row["sip_code"] == "200" and row["answered_at"] and row["outcome"] in ("connected", "abandoned"), row
        assert (row["outcome"] == "connected") == bool(row["bridged_at"]), row


def two_phones_of_a_fork_both_answer():
    """A forking proxy sends two 200s: both are acknowledged, one is served, the other ended at once, and one row remains."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, fork=2, sound=tone(400, 4000))
        agent, call = one_customer(box, actors, customer)
        wait_for("the agent hears the customer", lambda: agent.hears(400, 2000), 10)
        wait_for("both are acknowledged", lambda: len(call["acked"]) == 2, 5)
        wait_for("the second one is ended", lambda: call["byed"] == {call["tag"] + "f1"}, 5)
        time.sleep(1)
        assert call["state"] == "up" and agent.hears(400, 2000) and customer.hears(1000, 2000), "the first one must stay"
        customer.hang_up(call)
        row = only_row(box)
        assert row["outcome"] == "connected" and row["ended_by"] == "callee", row


def beats(*frequencies):
    """Half a second of tone, half a second of nothing, for ever."""
    one = [sum(s) for s in zip(*(tone(f, 6000 // len(frequencies), 4000) for f in frequencies))]
    return one + [0] * 4000


def a_busy_tone_under_183_is_busy():
    """The network never answers and plays a busy tone as early media: the call is given up as busy, long before ring time ends."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, answer=False, early=True, sound=beats(425))
        _, call = one_customer(box, actors, customer, screening="true", ring_ms=60000)
        wait_for("CANCEL", lambda: call["cancelled_at"], 20)
        row = only_row(box)
        assert (row["outcome"], row["cause"], row["answered_at"]) == ("busy", "in_band_busy", ""), row
        assert row["verdict"] == "busy_tone", row


def special_information_tones_under_183_are_an_invalid_number():
    """Three rising tones as early media (vacant code), then a voice that says so for as long as we like: invalid_number, no answer."""
    def sit():
        return tone(985, 7000, 3040) + tone(1371, 7000, 2192) + tone(1777, 7000, 3040) + [0] * 16000

    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, answer=False, early=True, sound=sit())
        _, call = one_customer(box, actors, customer, screening="true", ring_ms=60000)
        wait_for("CANCEL", lambda: call["cancelled_at"], 20)
        row = only_row(box)
        assert (row["outcome"], row["cause"], row["answered_at"]) == ("invalid_number", "in_band_sit", ""), row


STORIES = [every_final_response_becomes_an_outcome, two_thousand_calls_leave_two_thousand_rows,
           nobody_free_means_the_message_and_the_key_opts_out, a_phone_rings_its_whole_time_before_we_give_up,
           picking_up_in_the_moment_of_cancel_is_served, two_phones_of_a_fork_both_answer, a_busy_tone_under_183_is_busy,
           special_information_tones_under_183_are_an_invalid_number]
