"""Stories of dialogs that outlive the process that held them."""
import os
import re
import signal
import time

import peers
from harness import stage, wait_for
from peers import Phone, tone
from scene import PHONES, one_talk


def talk_heard(call, seat):
    return peers.level_of(seat["heard"][-1600:], 400) > 3000 and peers.level_of(call["heard"][-1600:], 1000) > 3000


def kill_worker(box):
    ups = box.log.read_text().count("SIP worker main is up")
    os.kill(box.child("sip-worker"), signal.SIGKILL)
    wait_for("a new worker", lambda: box.log.read_text().count("SIP worker main is up") > ups, 10, 0.02)


def a_talk_outlives_two_workers_and_the_customer_ends_it():
    """kill -9 of the SIP worker, twice, in mid-talk: the audio goes on, and when the customer hangs up afterwards, the call ends at once, as his
    doing; the agent's phone has kept its one dialog and takes the next customer."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        for _ in range(2):
            kill_worker(box)
            wait_for("both dialogs are taken up", lambda: re.search(r"takes 2 dialogs up and ends 0(?!.*takes)", box.log.read_text(), re.S), 10)
            del call["heard"][:], seat["heard"][:]
            wait_for("the talk goes on", lambda: talk_heard(call, seat), 5)
            time.sleep(0.5)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 5)[0]
        assert row["outcome"] == "connected" and row["ended_by"] == "callee", row
        assert seat["state"] == "up" and len(agent.calls) == 1, "the agent's phone must keep its dialog"
        box.contacts(PHONES[1:2])
        second = wait_for("the next customer", lambda: next((c for c in customer.up() if c is not call), None), 20)
        wait_for("who hears the agent", lambda: peers.level_of(second["heard"][-1600:], 1000) > 3000, 10)
        customer.hang_up(second)
        wait_for("its row", lambda: len(box.closed_rows()) == 2, 8)


def the_box_still_ends_a_talk_after_its_worker_died():
    """kill -9 of the worker, then the agent presses '*': the customer gets a BYE from the new worker, within the old dialog."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        kill_worker(box)
        wait_for("both dialogs are taken up", lambda: "takes 2 dialogs up" in box.log.read_text(), 10)
        time.sleep(0.5)
        agent.press(seat, "*")
        wait_for("the customer is hung up", lambda: call["state"] == "over" and call["tag"] in call["byed"], 8)
        row = wait_for("the row", box.closed_rows, 5)[0]
        assert row["ended_by"] == "agent", row


def after_kill_nine_of_everything_nobody_is_left_on_the_line():
    """The whole box dies by SIGKILL while one customer talks and another one's phone rings. The new one first ends what the old one left: BYE
    for both ends of the talk, CANCEL for the phone that rings, each within its old dialog; then it rings the agent's phone anew."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        spare = Phone(sound=None)
        actors.append(spare)
        customer.ring_s = 1000
        box.agent("eva", f"sip:eva@127.0.0.1:{spare.port}")
        box.contacts(PHONES[1:2])
        ringing = wait_for("a second phone rings", lambda: next((c for c in customer.calls if c["state"] == "ringing"), None), 15)
        box.kill_group()
        assert call["state"] == "up" and seat["state"] == "up" and ringing["state"] == "ringing"
        box.start()
        for c in (call, seat):
            wait_for("BYE", lambda c=c: c["tag"] in c["byed"], 10, 0.02)
        wait_for("CANCEL", lambda: ringing["cancelled_at"], 10)
        fresh = wait_for("the agent's phone rings anew", lambda: next((c for c in agent.calls if c is not seat), None), 10)
        assert seat["ended_at"] <= fresh["since"], "BYE first, then the new call"
        assert len({r["phone"] for r in box.rows()}) == len(box.rows()) == 2, "nobody was called twice"


STORIES = [a_talk_outlives_two_workers_and_the_customer_ends_it, the_box_still_ends_a_talk_after_its_worker_died,
           after_kill_nine_of_everything_nobody_is_left_on_the_line]
