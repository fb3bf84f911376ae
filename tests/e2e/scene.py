"""What many stories begin with: numbers of fiction, a voice, one customer who talks with one agent."""
import math
import random
import re
import subprocess

import peers
from harness import wait_for
from peers import Phone, tone
from sipp import Sipp, carrier_scenario

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


def called(call):
    """The number that this INVITE was for."""
    return re.search(r"sip:\+(\d+)@", call["to"]).group(1)


def one_talk(box, trunk_port, actors, start=True, kind=Phone, **campaign):
    """One agent (1000 Hz), one customer (400 Hz; a phone of this kind), both hear each other. Returns phones and calls: customer, call, agent, seat."""
    customer, agent = kind(trunk_port, sound=tone(400, 4000)), Phone(sound=tone(1000, 4000))
    actors += [customer, agent]
    if start:
        box.start()
    campaign.setdefault("mode", "progressive")
    campaign.setdefault("extra", "retry = ();")
    box.campaign(**campaign)
    box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
    box.seats_up()
    box.contacts([PHONES[0]])
    box.cli("campaign", "start", "test")
    call = wait_for("the customer hears the agent", lambda: customer.hears(1000, 3000), 20)
    seat = wait_for("the agent hears the customer", lambda: agent.hears(400, 3000), 10)
    return customer, call, agent, seat


def loudness(samples):
    return max((abs(s) for s in samples), default=0)


def heard_at_level(call, hz, level, codec):
    """A whole second of this tone arrives within 1 % of the level that the codec gives it."""
    reference = peers.level_of([peers.DECODE[codec][peers.ENCODE[codec][x + 32768]] for x in tone(hz, level)], hz)
    last = {}

    def good():
        heard = call["heard"][-8000:]
        if len(heard) == 8000:
            last["got"] = peers.level_of(heard, hz)
        return "got" in last and abs(last["got"] / reference - 1) <= 0.01

    try:
        wait_for("the level", good, 5, 0.3)
    except AssertionError:
        raise AssertionError(f"{hz} Hz arrives at {last.get('got')}, sent {reference}") from None
