"""Stories of dialogs that outlive the process that held them."""
import contextlib
import os
import re
import signal
import socket
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


class Unacknowledged(Phone):
    """Its answer is not acknowledged while `deaf`: the ACKs are lost. It says the answer again and again, and takes no other INVITE meanwhile."""

    deaf = True

    def up(self):
        return [c for c in self.calls if c["state"] in ("answered", "up")]

    def on_sip(self, data, peer):
        if not (self.deaf and data.startswith(b"ACK")):
            super().on_sip(data, peer)

    def on_invite(self, text, peer):
        call = next((c for c in self.calls if c["id"] == self.field(text, "Call-ID")), None)
        if call and call["state"] == "answered":
            self.reply(call, 500, "Overlapping Requests", self.field(text, "CSeq"), self.vias(text))
        else:
            super().on_invite(text, peer)


def an_answer_whose_ack_was_lost_is_acknowledged_by_the_next_worker():
    """The customer's phone answers, the ACK is lost, and the worker dies: the next one acknowledges the answer, and the talk goes on."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors, kind=Unacknowledged)
        assert call["state"] == "answered" and not call["acked"]
        os.kill(box.child("sip-worker"), signal.SIGKILL)
        customer.deaf = False
        wait_for("both dialogs are taken up", lambda: "takes 2 dialogs up" in box.log.read_text(), 10)
        wait_for("the ACK", lambda: call["acked"], 10)
        del call["heard"][:], seat["heard"][:]
        wait_for("the talk goes on", lambda: talk_heard(call, seat), 5)
        time.sleep(1.5)
        assert call["state"] == "up" and not call["byed"]
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 5)[0]
        assert row["outcome"] == "connected" and row["ended_by"] == "callee", row


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
        wait_for("the box knows it (nothing may be cancelled before)", lambda: box.status()["campaigns"][0]["calls"]["ringing"] == 1, 10)
        box.kill_group()
        assert call["state"] == "up" and seat["state"] == "up" and ringing["state"] == "ringing"
        box.start()
        for c in (call, seat):
            wait_for("BYE", lambda c=c: c["tag"] in c["byed"], 10, 0.02)
        wait_for("CANCEL", lambda: ringing["cancelled_at"], 10)
        fresh = wait_for("the agent's phone rings anew", lambda: next((c for c in agent.calls if c is not seat), None), 10)
        assert seat["ended_at"] <= fresh["since"], "BYE first, then the new call"
        assert len({r["phone"] for r in box.rows()}) == len(box.rows()) == 2, "nobody was called twice"


def a_source_that_kills_workers_is_blocked_and_a_person_is_told():
    """The worker dies twice within a minute right after packets from one stranger: the third worker does not hear him, the others are
    served, status and log name him. A carrier's own address is never blocked."""
    with stage() as (box, trunk_port, actors, folder):
        box.config.write_text(box.config.read_text().replace("channels = 300;", "channels = 300; options_s = 0;"))  # nobody else is heard in between
        box.start()
        stranger, neighbour = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        stranger.bind(("127.0.0.66", 0))
        neighbour.bind(("127.0.0.67", 0))

        def answered(sock):
            host, port = sock.getsockname()
            question = str(time.monotonic_ns())
            ask = (f"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{time.monotonic_ns()}\r\nFrom: <sip:a@{host}>;tag=1\r\n"
                   f"To: <sip:x@127.0.0.1>\r\nCall-ID: {question}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n")
            sock.settimeout(0.7)
            sock.sendto(ask.encode(), ("127.0.0.1", box.sip_port))
            with contextlib.suppress(TimeoutError):
                while True:
                    reply = sock.recv(4000)
                    if question.encode() in reply:  # not a late answer to an earlier one
                        return reply.startswith(b"SIP/2.0 200")
            return False

        for n in (1, 2):
            if peers.BAD_LINE:
                time.sleep(0.3)  # the SIP library says one word to itself at its start; here that word may come late
            wait_for("the worker answers", lambda: answered(stranger), 10)
            os.kill(box.child("sip-worker"), signal.SIGABRT)
            wait_for("the next one", lambda n=n: box.log.read_text().count("SIP worker main is up") > n, 10, 0.02)
        wait_for("the neighbour is served", lambda: answered(neighbour), 10)
        assert not answered(stranger)
        told = " ".join(a["text"] for a in box.status()["alerts"])
        assert "127.0.0.66" in told and "127.0.0.66" in box.log.read_text(), told
        assert "127.0.0.66" in box.cli("status").stdout
        stranger.close()
        neighbour.close()


def a_worker_that_dies_again_and_again_is_started_ever_more_rarely():
    """The SIP worker is killed as soon as it is up, six times: the first time the next one comes at once, then each time after twice the wait, and a person
    is told. It comes back all the same, and calls are made."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        for n in range(1, 7):
            wait_for(f"worker {n}", lambda n=n: box.log.read_text().count("SIP worker main is up") == n, 15, 0.02)
            os.kill(box.child("sip-worker"), signal.SIGKILL)
        wait_for("the seventh", lambda: box.log.read_text().count("SIP worker main is up") == 7, 20)
        waits = [int(ms) for ms in re.findall(r"SIP worker \S+ ended \(signal 9\); it starts again in (\d+) ms", box.log.read_text())]
        assert len(waits) == 6 and waits[0] == 0 < waits[1] and all(b == 2 * a for a, b in zip(waits[1:], waits[2:])), waits
        told = " ".join(a["text"] for a in box.status()["alerts"])
        assert "dies again and again" in told, told
        customer, call, _, _ = one_talk(box, trunk_port, actors, start=False)
        customer.hang_up(call)
        wait_for("the row", box.closed_rows, 10)


STORIES = [a_talk_outlives_two_workers_and_the_customer_ends_it, the_box_still_ends_a_talk_after_its_worker_died,
           an_answer_whose_ack_was_lost_is_acknowledged_by_the_next_worker,
           after_kill_nine_of_everything_nobody_is_left_on_the_line, a_worker_that_dies_again_and_again_is_started_ever_more_rarely,
           a_source_that_kills_workers_is_blocked_and_a_person_is_told]
