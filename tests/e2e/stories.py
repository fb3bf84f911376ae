#!/usr/bin/env python3
"""End-to-end stories: the real daemon, foreign peers on the wire, the call log as the judge.

Usage: stories.py [STORY…]      without names all of them; CADENCIA names the binary under test
Each story begins with what happens and what must hold.
"""
import math
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
import wave

import peers
from harness import Sipp, carrier_scenario, free_port, stage, wait_for
from peers import Phone, tone as harness_tone

PHONES = [f"1202555{n:04d}" for n in range(100, 200)]  # reserved for fiction


def hello():
    """0.6 s of something like a voice (a buzz with formants, in syllables), then silence for a long time."""
    rng, voiced = random.Random(7), []
    for i in range(4800):
        syllable = 0.25 + 0.75 * abs(math.sin(math.pi * i / 1600))
        voiced.append(int(5000 * syllable * sum(math.sin(2 * math.pi * 120 * k * i / 8000) / k for k in range(1, 12)) / 2 + rng.gauss(0, 60)))
    return [0] * 3200 + [max(-32000, min(32000, v)) for v in voiced] + [rng.randint(-6, 6) for _ in range(8000 * 40)]


HELLO_THEN_QUIET = hello()


class Process:
    """Something started beside the box that must be ended with it."""

    def __init__(self, process):
        self.process = process

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def agents_answer(folder, actors, port):
    """Registered-nowhere phones: one SIPp that answers every INVITE and stays until BYE."""
    actors.append(Sipp(folder, "agents", carrier_scenario({}), port))


def number(digits):
    return f"+12025550{digits}" if len(digits) == 3 else f"+120255501{digits}"


# ---------------------------------------------------------------------------------------------------------

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


def every_final_response_becomes_an_outcome():
    """A carrier refuses, redirects, stays silent, rings for 25 s, answers and hangs up at once. Each number gets
    the outcome, code and cause of the call log's dictionary, exactly one row, and nothing is left on the floor."""
    with stage() as (box, trunk_port, actors, folder):
        agent_port = free_port()
        actors.append(Sipp(folder, "carrier", carrier_scenario({d: k for d, (k, *_) in OUTCOMES.items()}), trunk_port))
        agents_answer(folder, actors, agent_port)
        box.start()
        box.campaign(ratio="5.0", ring_ms=28000)
        for i in range(3):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{agent_port}")
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
        assert rows["22"]["ended_by"] == "callee" and int(rows["22"]["talk_ms"]) > 1000
        assert float(rows["20"]["talk_ms"] or 0) >= 0


def two_thousand_calls_leave_two_thousand_rows():
    """2,000 calls at 50 a second on one UDP trunk, half of them busy: exactly 2,000 rows, the right outcomes, no call, socket
    or descriptor left, and memory that does not grow with the number of calls."""
    n = int(os.environ.get("CADENCIA_E2E_CALLS", "2000"))
    with stage(calls=400, channels=400, calls_per_s=50) as (box, trunk_port, actors, folder):
        agent_port = free_port()
        scenario = carrier_scenario({f"{d:02d}": "busy" for d in range(0, 100, 2)}, talk_ms=300)
        actors.append(Sipp(folder, "carrier", scenario, trunk_port))
        agents_answer(folder, actors, agent_port)
        box.start()
        box.campaign(ratio="5.0", wrapup_s=0)
        for i in range(10):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{agent_port}")
        phones = [f"1{npa}{nxx}{line:04d}" for npa in (202, 212, 312) for nxx in (555,) for line in range(100, 100 + (n + 2) // 3)][:n]
        box.contacts(phones)
        box.cli("campaign", "start", "test")

        def settled():
            return len(box.closed_rows()) >= n

        wait_for("all calls over", settled, 60 + n // 8, 2)
        rows = box.rows()
        assert len(rows) == n and len({r["phone"] for r in rows}) == n, len(rows)
        for r in rows:
            even = int(r["phone"][-2:]) % 2 == 0
            assert r["outcome"] in ({"busy"} if even else {"connected", "early_hangup"}), r
        wait_for("the floor is empty", lambda: box.status()["calls"] == 0, 10)
        worker = next(pid for pid, verb in box.children().items() if verb == "sip-worker")
        descriptors = len(os.listdir(f"/proc/{box.process.pid}/fd"))
        assert descriptors < 2 * 400 + 2 * 256 + 100, f"{descriptors} descriptors are open"
        assert len(os.listdir(f"/proc/{worker}/fd")) < 40


def audio_reaches_both_ends_at_its_level():
    """A tone from the customer arrives at the agent's phone and the other way round within 1 % of its level, PCMU on one side and
    PCMA on the other; a key of the customer arrives once; a key '*' of the agent ends the call, and a digit disposes it."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, codec=0, sound=harness_tone(400, 8000))
        agent = Phone(codec=8, sound=harness_tone(1000, 6000))
        actors += [customer, agent]
        box.start()
        box.campaign(ratio="1.0", wrapup_s=20, extra='dispositions = ( { digit = "1"; code = "SALE"; } );')
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.contacts([PHONES[0]])
        box.cli("campaign", "start", "test")
        call = wait_for("the customer's call", customer.up, 15)[0]
        seat = agent.up()[0]
        time.sleep(1.5)  # past the announcing tone
        call["heard"].clear(), seat["heard"].clear()
        time.sleep(2.2)
        heard_by_agent, heard_by_customer = list(seat["heard"][-16000:]), list(call["heard"][-16000:])
        reference = peers.level_of([peers.DECODE[0][peers.ENCODE[0][x + 32768]] for x in harness_tone(400, 8000)], 400)
        got = peers.level_of(heard_by_agent, 400)
        assert abs(got / reference - 1) <= 0.01, ("customer to agent", got, reference)
        reference = peers.level_of([peers.DECODE[8][peers.ENCODE[8][x + 32768]] for x in harness_tone(1000, 6000)], 1000)
        got = peers.level_of(heard_by_customer, 1000)
        assert abs(got / reference - 1) <= 0.01, ("agent to customer", got, reference)
        assert peers.level_of(heard_by_agent, 1000) < 20, "the agent hears himself"
        customer.press(call, "7")
        wait_for("the customer's key at the agent", lambda: [d for d, _ in seat["digits"]] == ["7"], 3)
        agent.press(seat, "*")
        wait_for("the customer hears the end", lambda: call["state"] == "over", 5)
        time.sleep(0.3)
        agent.press(seat, "1")
        row = wait_for("the disposition", lambda: [r for r in box.rows() if r["disposition"]], 5)[0]
        assert (row["outcome"], row["ended_by"], row["disposition"], row["agent"]) == ("connected", "agent", "SALE", "ana"), row
        assert seat["state"] == "up", "a nailed-up seat stays up after a call"


def a_stranger_is_never_heard():
    """Somebody sprays loud RTP at every media port of the box while two people talk: neither of them hears it."""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        customer, agent = Phone(trunk_port, sound=harness_tone(400, 4000)), Phone(sound=harness_tone(1000, 4000))
        actors += [customer, agent]
        box.start()
        box.campaign()
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.contacts([PHONES[0]])
        spray = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        loud = bytes(peers.ENCODE[0][x + 32768] for x in harness_tone(2000, 20000, 160))
        box.cli("campaign", "start", "test")
        end, seq = time.monotonic() + 6, 0
        while time.monotonic() < end:
            for port in range(box.media_low, box.media_low + 80, 2):
                spray.sendto(struct.pack("!BBHII", 0x80, 0, seq & 0xFFFF, seq * 160 & 0xFFFFFFFF, 0xBAD) + loud, ("127.0.0.1", port))
            seq += 1
            time.sleep(0.02)
        call, seat = wait_for("a talk", customer.up, 5)[0], agent.up()[0]
        for who, heard in (("agent", seat["heard"]), ("customer", call["heard"])):
            for at in range(0, len(heard) - 800, 800):
                assert peers.level_of(heard[at:at + 800], 2000) < 300, f"the {who} heard a stranger at sample {at}"
        assert peers.level_of(seat["heard"][-8000:], 400) > 3000 and peers.level_of(call["heard"][-8000:], 1000) > 3000


def nobody_free_means_the_message_and_the_key_opts_out():
    """Two people answer and the only agent is on the first call: the second hears the safe-harbour message within 2 s of his greeting's
    end, presses 9, and is on the do-not-call list; the log counts him as abandoned."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, sound=lambda c: HELLO_THEN_QUIET)
        agent = Phone(sound=harness_tone(1000, 3000))
        actors += [customer, agent]
        box.start()
        box.campaign(ratio="2.0", screening="true", wrapup_s=5)
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.contacts(PHONES[:2])
        box.cli("campaign", "start", "test")
        wait_for("two people on the line", lambda: len(customer.up()) == 2, 15)

        def left_alone():
            return [c for c in customer.up() if len(c["heard"]) > 8000 and not any(abs(peers.level_of(c["heard"][i:i + 800], 1000)) > 1000 for i in range(0, len(c["heard"]) - 800, 800))]

        alone = wait_for("the message", left_alone, 12)[0]
        customer.press(alone, "9")
        wait_for("the end after the key", lambda: alone["state"] == "over", 6)
        row = wait_for("the row", lambda: [r for r in box.closed_rows() if r["outcome"] == "abandoned"], 5)[0]
        assert row["abandoned"] == "1" and row["greeting_end_at"] and not row["bridged_at"], row
        check = box.cli("dnc", "check", "+" + row["phone"], "--json", check=False)
        assert "true" in check.stdout or check.returncode == 0 and "on" in check.stdout, check.stdout + check.stderr


def an_agents_phone_vanishes_and_the_customer_goes_to_the_next():
    """The agent's phone hangs up in mid-talk: the seat is down, the customer is given to the next agent, one row remains."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, sound=harness_tone(400, 4000))
        phones = [Phone(sound=harness_tone(1000, 4000)) for _ in range(2)]
        actors += [customer, *phones]
        box.start()
        box.campaign(mode="progressive")
        for i, p in enumerate(phones):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.contacts([PHONES[0]])
        box.cli("campaign", "start", "test")
        call = wait_for("a talk", lambda: [r for r in customer.up()], 15)[0]
        time.sleep(1)

        def talker():
            return next((p for p in phones if p.up() and peers.level_of(p.up()[0]["heard"][-1600:], 400) > 2000), None)

        first = wait_for("an agent who hears the customer", talker, 5)
        first.answer = False
        first.hang_up(first.up()[0])
        second = next(p for p in phones if p is not first)
        wait_for("the other agent hears him", lambda: peers.level_of(second.up()[0]["heard"][-1600:], 400) > 2000, 6)
        assert call["state"] == "up"
        customer.hang_up(call)
        rows = wait_for("the row", box.closed_rows, 5)
        assert len(rows) == 1 and rows[0]["outcome"] == "connected" and rows[0]["ended_by"] == "callee", rows


def the_sip_worker_dies_and_is_back_within_a_second():
    """kill -9 of the SIP worker in mid-talk: the audio goes on, a new worker is up in a second, calls without an answer end with
    a reason, and dialing goes on."""
    with stage() as (box, trunk_port, actors, folder):
        customer, agent = Phone(trunk_port, sound=harness_tone(400, 4000), ring_s=0.3), Phone(sound=harness_tone(1000, 4000))
        spare = Phone(sound=harness_tone(1000, 4000))
        actors += [customer, agent, spare]
        box.start()
        box.campaign(mode="progressive")
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.contacts(PHONES[:1])
        box.cli("campaign", "start", "test")
        call = wait_for("a talk", customer.up, 15)[0]
        time.sleep(1)
        worker = next(pid for pid, verb in box.children().items() if verb == "sip-worker")
        os.kill(worker, signal.SIGKILL)
        began = time.monotonic()
        wait_for("a new worker", lambda: any(v == "sip-worker" and p != worker for p, v in box.children().items()), 2, 0.02)
        wait_for("it is ready", lambda: box.log.read_text().count("SIP worker main is up") == 2, 2, 0.02)
        assert time.monotonic() - began < 1.5
        seat = agent.calls[0]
        call["heard"].clear(), seat["heard"].clear()
        time.sleep(1.2)
        assert peers.level_of(seat["heard"][-8000:], 400) > 3000, "the talk did not survive"
        customer.ring_s = 30
        box.agent("eva", f"sip:eva@127.0.0.1:{spare.port}")
        box.contacts(PHONES[1:2])
        wait_for("a second call rings", lambda: len(customer.calls) >= 2, 15)
        worker = next(pid for pid, verb in box.children().items() if verb == "sip-worker")
        os.kill(worker, signal.SIGKILL)
        row = wait_for("its row", lambda: [r for r in box.closed_rows() if r["phone"] == PHONES[1]], 10)[0]
        assert row["outcome"] == "interrupted" and row["cause"] == "worker_lost", row
        agent.calls[0]["state"] = customer.calls[0]["state"] = "over"  # both stop talking; silence ends the orphan


def kill_nine_of_everything_loses_nothing():
    """The whole group dies by SIGKILL in mid-campaign, again and again: after each restart every attempt has its row, none is open,
    and no contact was called more often than attempts were recorded."""
    with stage(calls=100, calls_per_s=20) as (box, trunk_port, actors, folder):
        carrier = Phone(trunk_port, sound=None, ring_s=1.0, talk_s=1.0)
        agents = [Phone(sound=None) for _ in range(4)]
        actors += [carrier, *agents]
        box.start()
        box.campaign(mode="ratio", ratio="3.0", wrapup_s=1, extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.contacts(PHONES)
        box.cli("campaign", "start", "test")
        for _ in range(3):
            wait_for("calls in flight", lambda: box.status()["calls"] >= 2, 20)
            box.kill_group()
            box.start()
            invited = {}
            for c in carrier.calls:
                phone = re.search(r"sip:\+(\d+)@", c["to"]).group(1)
                invited[phone] = invited.get(phone, 0) + 1
            rows = box.rows()
            logged = {}
            for r in rows:
                logged[r["phone"]] = logged.get(r["phone"], 0) + 1
            missing = {p: n for p, n in invited.items() if n > logged.get(p, 0)}
            assert not missing, f"called but not logged: {missing}"
            twice = {p: n for p, n in invited.items() if n > 1}
            assert not twice, f"called twice: {twice}"
            assert any(r["outcome"] == "interrupted" for r in rows), "calls in flight must be closed as interrupted"
        wait_for("the list is finished", lambda: len(box.closed_rows()) == len(PHONES), 90, 1)
        assert len({r["attempt_id"] for r in box.rows()}) == len(PHONES)


def sigterm_drains():
    """SIGTERM with people talking: no new call begins, the talk is ended after drain_s at the latest, every row is closed, exit 0."""
    with stage() as (box, trunk_port, actors, folder):
        customer, agent = Phone(trunk_port, sound=harness_tone(400, 4000)), Phone(sound=harness_tone(1000, 4000))
        actors += [customer, agent]
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.contacts(PHONES[:5])
        box.cli("campaign", "start", "test")
        call = wait_for("a talk", customer.up, 15)[0]
        began = time.monotonic()
        assert box.stop(20) == 0
        assert time.monotonic() - began < 12
        assert call["state"] == "over", "the customer was left on a dead line"
        rows = box.rows()
        assert rows and all(r["ended_at"] for r in rows), rows


def baresip_is_an_agent():
    """A real phone (baresip, auto-answer) is a nailed-up seat; a customer talks to it."""
    with stage() as (box, trunk_port, actors, folder):
        port = free_port()
        home = folder / "baresip"
        home.mkdir()
        (home / "accounts").write_text(f"<sip:ana@127.0.0.1:{port}>;regint=0;answermode=auto\n")
        with wave.open(str(home / "tone.wav"), "wb") as w:
            w.setnchannels(1), w.setsampwidth(2), w.setframerate(8000)
            w.writeframes(struct.pack("<480000h", *harness_tone(440, 8000, 480000)))
        (home / "config").write_text(
            f"sip_listen 127.0.0.1:{port}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\n"
            f"module_app account.so\nmodule_app menu.so\naudio_source aufile,{home}/tone.wav\naudio_player aufile,/dev/null\naudio_alert aufile,/dev/null\n"
            "ausrc_srate 8000\nauplay_srate 8000\nnet_interface 127.0.0.1\n")
        process = subprocess.Popen(["baresip", "-f", str(home)], stdout=open(folder / "baresip.log", "w"), stderr=subprocess.STDOUT, stdin=subprocess.PIPE)
        customer = Phone(trunk_port, sound=harness_tone(1000, 4000))
        actors += [Process(process), customer]
        box.start()
        box.campaign(mode="progressive")
        box.agent("ana", f"sip:ana@127.0.0.1:{port}")
        box.contacts([PHONES[0]])
        box.cli("campaign", "start", "test")
        call = wait_for("the customer's call", customer.up, 20)[0]
        wait_for("baresip's tone at the customer", lambda: len(call["heard"]) > 16000 and peers.level_of(call["heard"][-8000:], 440) > 500, 10)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 5)[0]
        assert row["outcome"] == "connected" and row["agent"] == "ana", row


STORIES = [every_final_response_becomes_an_outcome, two_thousand_calls_leave_two_thousand_rows, audio_reaches_both_ends_at_its_level,
           a_stranger_is_never_heard, nobody_free_means_the_message_and_the_key_opts_out,
           an_agents_phone_vanishes_and_the_customer_goes_to_the_next, the_sip_worker_dies_and_is_back_within_a_second,
           kill_nine_of_everything_loses_nothing, sigterm_drains, baresip_is_an_agent]

def main(names):
    known = {s.__name__: s for s in STORIES}
    failed = 0
    for name in names or known:
        began = time.monotonic()
        try:
            known[name]()
            print(f"ok      {name}  {time.monotonic() - began:.1f} s", flush=True)
        except BaseException:
            failed += 1
            traceback.print_exc()
            print(f"FAILED  {name}  {time.monotonic() - began:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(s.__name__ for s in STORIES))
    else:
        sys.exit(main(sys.argv[1:]))
