"""Stories of what RFC 3262, 3311, 4028 and 6141 ask inside a dialog: PRACK, UPDATE, session timers, both at once; orphans that SIPp counts."""
import csv
import os
import re
import signal
import time

import peers
from harness import kept_port, stage, wait_for
from peers import Phone, tone
from scene import PHONES, called, one_talk
from sipp import Sipp, reply


class Carrier(Phone):
    """A phone that follows more of the standard. reliable: its 183 must be acknowledged before it answers. sessions: number -> who refreshes its
    session of 90 s. deaf_to: a number that answers no UPDATE. reinvite_wait_s: how long a re-INVITE waits for its reply; reinvite_status: what it is."""

    def __init__(self, *args, reliable=False, sessions=None, deaf_to="", **kwargs):
        self.reliable, self.sessions, self.deaf_to = reliable, sessions or {}, deaf_to
        self.reinvite_wait_s, self.reinvite_status, self.later, self.statuses = 0.0, None, [], []
        super().__init__(*args, early=reliable, **kwargs)

    def reply(self, call, code, phrase, cseq=None, via=None, body="", tag=None):
        before, method = call.get("record", ""), (cseq or call["cseq"]).split()[-1]
        if self.reliable and code == 183:
            call["record"] = before + "Require: 100rel\r\nRSeq: 7711\r\n"
        if code == 200 and method in ("INVITE", "UPDATE") and called(call) in self.sessions:
            call["record"] = before + f"Session-Expires: 90;refresher={self.sessions[called(call)]}\r\nRequire: timer\r\n"
        super().reply(call, code, phrase, cseq, via, body, tag)
        call["record"] = before

    def on_invite(self, text, peer):
        call = next((c for c in self.calls if c["id"] == self.field(text, "Call-ID")), None)
        if call and ";tag=" in self.field(text, "To"):
            cseq, refused = self.field(text, "CSeq"), call.setdefault("refused", {})
            if all(self.field(t, "CSeq") != cseq for _, t in call.setdefault("reinvites", [])):  # repeated: our reply was lost
                call["reinvites"].append((time.monotonic(), text))
                if self.reinvite_status:
                    refused[cseq], self.reinvite_status = self.reinvite_status, None
            if cseq in refused:
                self.reply(call, *refused[cseq], cseq=cseq, via=self.vias(text))
                return
            if self.reinvite_wait_s:
                if not any(self.field(t, "CSeq") == self.field(text, "CSeq") for _, t, _ in self.later):
                    self.later.append((time.monotonic() + self.reinvite_wait_s, text, peer))
                    self.reply(call, 100, "Trying", cseq=self.field(text, "CSeq"), via=self.vias(text))
                return
        super().on_invite(text, peer)

    def on_sip(self, data, peer):
        text = data.decode("utf-8", "replace")
        method = text.split(" ", 1)[0]
        call = next((c for c in self.calls if c["id"] == self.field(text, "Call-ID")), None)
        if call is not None and method in ("PRACK", "UPDATE", "INFO"):
            call.setdefault(method, []).append((time.monotonic(), text))
            if called(call) != self.deaf_to:
                self.reply(call, 200, "OK", self.field(text, "CSeq"), self.vias(text), tag=call["tag"])
            return
        if method == "SIP/2.0" and call is not None:
            self.statuses.append((self.field(text, "CSeq"), int(text.split(" ", 2)[1])))
        super().on_sip(data, peer)

    def tick(self, now):
        for due in [x for x in self.later if x[0] <= now]:
            self.later.remove(due)
            wait, self.reinvite_wait_s = self.reinvite_wait_s, 0.0
            super().on_invite(due[1], due[2])
            self.reinvite_wait_s = wait
        if self.reliable:  # no answer before the provisional one was acknowledged
            for call in self.calls:
                if call["state"] == "ringing" and not call.get("PRACK"):
                    call["since"] = now
        super().tick(now)


def talk_with(box, trunk_port, actors, carrier):
    """One agent and one customer at this carrier, talking."""
    agent = Phone(sound=tone(1000, 4000))
    actors += [carrier, agent]
    box.start()
    box.campaign(mode="progressive", extra="retry = ();")
    box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
    box.seats_up()
    box.contacts([PHONES[0]])
    box.cli("campaign", "start", "test")
    call = wait_for("the customer hears the agent", lambda: carrier.hears(1000, 3000), 20)
    seat = wait_for("the agent hears the customer", lambda: agent.hears(400, 3000), 10)
    return call, agent, seat


def a_reliable_provisional_answer_is_acknowledged():
    """The carrier's 183 asks for PRACK and it does not answer before: the box sends it, once for each provisional answer, with the numbers of the
    183; its early media is taken, and the talk comes."""
    with stage() as (box, trunk_port, actors, folder):
        carrier = Carrier(trunk_port, sound=tone(400, 4000), reliable=True)
        call, agent, seat = talk_with(box, trunk_port, actors, carrier)
        assert "100rel" in carrier.field(call["headers"], "Supported"), call["headers"]
        racks = [carrier.field(text, "RAck") for _, text in call["PRACK"]]
        assert racks == [f"7711 {call['cseq']}"], (racks, call["cseq"])
        carrier.hang_up(call)
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert row["outcome"] == "connected" and row["ended_by"] == "callee", row


def sessions_with_a_timer_live_as_long_as_they_are_refreshed():
    """Four talks whose answers ask for a session of 90 s. The box is to refresh the first two: it sends UPDATE without SDP at half time; one is answered
    and lives, the other is not and gets BYE before its session is over. The carrier is to refresh the last two: its UPDATE is answered with
    200; where it forgets, the box asks by itself, and both live. The log knows timeouts from hang-ups."""
    alive, deaf, refreshed, forgotten = PHONES[:4]
    with stage(calls=40) as (box, trunk_port, actors, folder):
        carrier = Carrier(trunk_port, sound=tone(400, 4000), sessions={alive: "uac", deaf: "uac", refreshed: "uas", forgotten: "uas"}, deaf_to=deaf)
        agents = [Phone(sound=tone(1000, 4000)) for _ in range(4)]
        actors += [carrier, *agents]
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.seats_up(4)
        box.contacts(PHONES[:4])
        box.cli("campaign", "start", "test")
        wait_for("four talks", lambda: len(carrier.up()) == 4, 20)
        began, call = time.monotonic(), {called(c): c for c in carrier.calls}
        assert "timer" in carrier.field(call[alive]["headers"], "Supported")
        time.sleep(30)
        c = call[refreshed]
        c["own_cseq"] += 1
        kept = c["route"]
        c["route"] += "Session-Expires: 90;refresher=uac\r\nSupported: timer\r\n"
        carrier.request(c, "UPDATE", c["own_cseq"])
        c["route"] = kept
        wait_for("200 to the carrier's UPDATE", lambda: (f"{c['own_cseq']} UPDATE", 200) in carrier.statuses, 5)
        wait_for("two refreshes by the box", lambda: all("UPDATE" in call[p] for p in (alive, deaf)), 30)
        at, text = call[alive]["UPDATE"][0]
        assert 35 < at - began < 60, at - began
        assert "m=audio" not in text and "uac" in carrier.field(text, "Session-Expires"), text
        wait_for("BYE for the one that is deaf", lambda: call[deaf]["byed"], 60)
        assert call[deaf]["ended_at"] - began < 91, "before the session is over"
        row = wait_for("its row", box.closed_rows, 40)[0]
        assert (row["phone"], row["outcome"], row["cause"]) == (deaf, "connected", "timeout"), row
        time.sleep(max(0, began + 95 - time.monotonic()))
        assert len(box.closed_rows()) == 1
        for number in (alive, refreshed, forgotten):
            assert carrier.hears(1000, 3000, of=call[number]), number
        assert "UPDATE" in call[forgotten]


def both_ask_at_once_and_both_get_through():
    """Glare, both ways. The box's re-INVITE (a new worker takes the dialogs up) is refused with 491: it asks again some 2 s later, and the talk goes on.
    The carrier's re-INVITE comes while the box's own waits for its answer: it gets 491, and 200 when it asks again."""
    with stage() as (box, trunk_port, actors, folder):
        carrier = Carrier(trunk_port, sound=tone(400, 4000))
        call, agent, seat = talk_with(box, trunk_port, actors, carrier)
        carrier.reinvite_status = (491, "Request Pending")
        os.kill(box.child("sip-worker"), signal.SIGKILL)
        wait_for("it asks again", lambda: len(call.get("reinvites", [])) == 2, 15)
        (first, _), (second, _) = call["reinvites"]
        assert 2.0 < second - first < 8, second - first
        wait_for("both dialogs are taken up", lambda: "takes 2 dialogs up" in box.log.read_text(), 10)
        carrier.reinvite_wait_s = 5.0
        os.kill(box.child("sip-worker"), signal.SIGKILL)
        wait_for("the box asks", lambda: len(call["reinvites"]) == 3, 15)
        held = carrier.reinvite(call, "sendrecv")
        wait_for("491", lambda: (f"{held} INVITE", 491) in carrier.statuses, 5)
        for _ in range(6):  # its own is answered after 5 s, later where that answer was lost
            time.sleep(3.5)
            again = carrier.reinvite(call, "sendrecv")
            got = wait_for("a reply", lambda: [status for cseq, status in carrier.statuses if cseq == f"{again} INVITE" and status >= 200], 10)
            if got[0] != 491:
                break
        assert got[0] == 200, got
        del call["heard"][:], seat["heard"][:]
        wait_for("the talk goes on", lambda: carrier.hears(1000, 3000) and agent.hears(400, 3000), 8)
        carrier.hang_up(call)
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert row["outcome"] == "connected" and row["ended_by"] == "callee", row


def each_listener_speaks_from_its_own_address_and_ports():
    """Two listeners on two addresses, each with its own range of media ports; the trunk is on the second, the agent's phone on the first. Each INVITE names
    its listener's address and a port of its listener's range, the audio comes from there, and both hear each other."""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        text, second = box.config.read_text(), kept_port()
        low = box.media_low + 80
        box.config.write_text(text.replace(" );\ntrunks", f',\n  {{ name = "second"; bind = "127.0.0.2:{second}"; transport = "udp"; media_ports = [{low}, {low + 79}]; }} );\ntrunks', 1)
                              .replace('listener = "main"', 'listener = "second"', 1))
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        for c, host, first in ((call, "127.0.0.2", low), (seat, "127.0.0.1", box.media_low)):
            assert re.search(rf"^c=IN IP4 {host}\r?$", c["headers"], re.M), c["headers"]
            assert first <= c["media"][1] < first + 80, (c["media"], first)
            assert c["peer"][0] == host and c["heard_from"] == {(host, c["media"][1])}, (c["peer"], c["heard_from"])
        customer.hang_up(call)
        box.contacts(PHONES[1:3])
        for _ in range(2):  # ports come back to the range that they are from
            again = wait_for("the next call", lambda: next((c for c in customer.up()), None), 20)
            assert low <= again["media"][1] < low + 80
            wait_for("it is heard", lambda c=again: customer.hears(1000, 3000, of=c), 8)
            customer.hang_up(again)
        wait_for("their rows", lambda: len(box.closed_rows()) == 3, 10)


def a_call_that_another_trunk_takes_speaks_from_that_trunks_listener():
    """The first carrier refuses with 503; the second of its group is on another listener. The second INVITE of the attempt names that listener's address and
    a port of its range, both hear each other, and the first listener's port is free again."""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        busy, spare, second, low = Phone(refuse=(503, "Busy")), Phone(sound=tone(400, 4000)), kept_port(), box.media_low + 80
        actors += [busy, spare]
        text = box.config.read_text()
        head, tail = text.split("trunks = (", 1)
        common = 'caller_id = "+12025550100"; group = "all"; options_s = 0; channels = 20; calls_per_s = 50;'
        box.config.write_text(head.replace(" );", f',\n  {{ name = "second"; bind = "127.0.0.2:{second}"; transport = "udp"; media_ports = [{low}, {low + 79}]; }} );', 1)
                              + f'trunks = ( {{ name = "carrier"; listener = "main"; proxy = "sip:127.0.0.1:{busy.port};transport=udp"; {common} }},\n'
                              + f'  {{ name = "spare"; listener = "second"; proxy = "sip:127.0.0.1:{spare.port};transport=udp"; priority = 2; {common} }} );\nconsole'
                              + tail.split(");\nconsole", 1)[1])
        agent = Phone(sound=tone(1000, 4000))
        actors.append(agent)
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.seats_up()
        box.contacts(PHONES[:1])
        box.cli("campaign", "start", "test")
        call = wait_for("the second carrier's callee hears the agent", lambda: spare.hears(1000, 3000), 20)
        wait_for("the agent hears the callee", lambda: agent.hears(400, 3000), 10)
        assert re.search(r"^c=IN IP4 127\.0\.0\.1\r?$", busy.calls[0]["headers"], re.M), busy.calls[0]["headers"]
        assert re.search(r"^c=IN IP4 127\.0\.0\.2\r?$", call["headers"], re.M), call["headers"]
        assert low <= call["media"][1] < low + 80 and call["heard_from"] == {("127.0.0.2", call["media"][1])}, (call["media"], call["heard_from"])
        spare.hang_up(call)
        row = wait_for("one row", box.closed_rows, 10)[0]
        assert row["outcome"] == "connected" and row["trunk"] == "spare", row
        assert box.cli("verify").returncode == 0


# --- SIPp as the judge of orphans ---

def sipp_figures(folder, name):
    """SIPp's own last word: calls that went through its whole scenario, and those that did not."""
    with open(folder / f"{name}.csv") as f:
        rows = list(csv.DictReader(f, delimiter=";"))
    return (int(rows[-1]["SuccessfulCall(C)"]), int(rows[-1]["FailedCall(C)"]), int(rows[-1]["CurrentCall"])) if rows else (0, 0, 0)


def patient_callee():
    """A SIPp scenario: answers, takes any number of re-INVITEs, and is through only when BYE came. An ACK may come late, twice or never: what a
    re-INVITE said of itself is remembered, for SIPp's own [last_…] would be the ACK's when it says its answer again."""
    ok = reply(200, "OK").replace(";tag=[pid]S[call_number]", "").replace(' retrans="500"', "")
    again = reply(200, "OK", sdp=True).replace(";tag=[pid]S[call_number]", "").replace("[last_Via:]", "Via:[$via]").replace("[last_CSeq:]", "CSeq:[$cseq]")
    remember = "".join(f'<ereg regexp=".*" search_in="hdr" header="{h}:" assign_to="{to}"/>' for h, to in (("Via", "via"), ("CSeq", "cseq")))
    wait = ('<recv request="ACK" optional="true" next="2"/>'
            f'<recv request="INVITE" optional="true" next="3"><action>{remember}</action></recv><recv request="BYE" next="4"/>')
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="patient"><recv request="INVITE" rrs="true"/>{reply(180, "Ringing")}{reply(200, "OK", sdp=True)}<recv request="ACK"/>
<label id="2"/>{wait}<label id="3"/>{again}{wait}
<label id="4"/>{ok}</scenario>"""


def sipp_sees_the_bye_of_every_orphan():
    """SIPp answers and waits for BYE, in ten talks at once. The worker dies by SIGKILL while the agents hang up, then the whole box does: SIPp's own
    figures say that every call of the first ten, and every one that was up when the box died, got its BYE, and none failed."""
    settle = lambda: time.sleep(2.2 if peers.BAD_LINE else 0)  # SIPp is lost when a request overtakes the ACK of its first answer
    with stage(calls=60) as (box, trunk_port, actors, folder):
        agents = [Phone(sound=None) for _ in range(10)]
        actors += agents
        box.config.write_text(box.config.read_text().replace("channels = 300;", "channels = 300; options_s = 0;"))  # each question would be a call to SIPp
        actors.append(Sipp(folder, "carrier", patient_callee(), trunk_port, extra=["-trace_stat", "-fd", "1", "-stf", str(folder / "carrier.csv")]))
        box.start()
        box.campaign(mode="progressive", wrapup_s=0, extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.seats_up(10)
        box.contacts(PHONES[:10])
        box.cli("campaign", "start", "test")
        talking = lambda: sum(a["state"] == "talking" for a in box.status()["agents"])
        wait_for("ten talks", lambda: talking() == 10, 30)
        settle()
        ups = box.log.read_text().count("SIP worker main is up")
        os.kill(box.child("sip-worker"), signal.SIGKILL)
        for p in agents:
            p.press(p.calls[0], "*")
        wait_for("a new worker", lambda: box.log.read_text().count("SIP worker main is up") > ups, 10, 0.02)
        wait_for("ten BYEs at SIPp", lambda: sipp_figures(folder, "carrier")[0] == 10, 20, 0.5)
        box.contacts(PHONES[10:20])
        wait_for("ten more talks", lambda: talking() == 10, 30)
        wait_for("SIPp has ten calls", lambda: sipp_figures(folder, "carrier")[2] == 10, 10, 0.5)
        settle()
        box.kill_group()
        box.start()
        wait_for("twenty BYEs at SIPp", lambda: sipp_figures(folder, "carrier")[0] == 20, 30, 0.5)
        assert sipp_figures(folder, "carrier")[1] == 0, sipp_figures(folder, "carrier")
        assert len(box.closed_rows()) == len(box.rows()) == 20


STORIES = [each_listener_speaks_from_its_own_address_and_ports, a_call_that_another_trunk_takes_speaks_from_that_trunks_listener, a_reliable_provisional_answer_is_acknowledged, sessions_with_a_timer_live_as_long_as_they_are_refreshed,
           both_ask_at_once_and_both_get_through, sipp_sees_the_bye_of_every_orphan]
