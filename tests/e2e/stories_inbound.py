"""Stories of people who call us: the queue, its music and its agents, and the calls that are not taken."""
import datetime
import json
import math
import os
import re
import signal
import time
import wave

import peers
from baresip import Baresip
from callers import callers
from harness import stage, wait_for
from kamailio import Kamailio
from peers import Phone, tone
from scene import PHONES
from sipp import Sipp
from stories_phones import phone_agent, seat
from stories_trunks import secure_listener, set_trunk, tls_files, trunk

DID = "12025550000"
MUSIC, HELLO, SORRY = 700, 1300, 1700  # what is heard, in Hz


def write_tone(path, hz, seconds):
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1), w.setsampwidth(2), w.setframerate(8000)
        w.writeframes(b"".join(int(8000 * math.sin(2 * math.pi * hz * i / 8000)).to_bytes(2, "little", signed=True) for i in range(int(8000 * seconds))))


def prompts(folder):
    """A folder of prompts that are told apart by their frequency; the box's own are beside it."""
    prompt_dir = folder / "prompts"
    prompt_dir.mkdir()
    for name, hz, seconds in (("music", MUSIC, 1.0), ("hello", HELLO, 0.6), ("sorry", SORRY, 0.8)):
        write_tone(prompt_dir / f"{name}.wav", hz, seconds)
    for i in range(10):
        write_tone(prompt_dir / f"queue_place_{i + 1}_en.wav", 2000 + 100 * i, 0.6)
    write_tone(prompt_dir / "safe_harbour_en.wav", 300, 1.0)
    return f'prompt_dir = "{prompt_dir}";'


def queue(box, name="help", campaign="test", verb="create", **keys):
    terms = {"hello": '""', "music": '"music.wav"', "sorry": '"sorry.wav"', "say_place": "false", "timeout_s": 60, **keys}
    path = box.folder / f"queue-{name}.conf"
    path.write_text(f'campaign = "{campaign}";\n' + "".join(f"{k} = {v};\n" for k, v in terms.items()))
    box.cli("queue", verb, name, "--from", str(path))


def queue_now(box, name="help"):
    return wait_for("the queue on the floor", lambda: json.loads(box.cli("queue", "show", name, "--json").stdout)["now"], 5)


def arrivals(box):
    return box.query("SELECT a.ended, a.wait_ms, t.phone, t.case_id, t.outcome, t.abandoned, t.live, t.zone_set, i.inbound, i.agent FROM arrival a"
                     " JOIN attempt t ON t.id=a.attempt LEFT JOIN interaction i ON i.id=a.attempt ORDER BY a.attempt")


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def begin(folder, box, agents=1, pause=False, **options):
    """A box with a stopped campaign, its agents' phones on the line, and a queue behind one number."""
    box.config.write_text(box.config.read_text() + prompts(folder))
    box.start()
    box.campaign(**options)
    phones = []
    for i in range(agents):
        phone = Phone(sound=tone(1000, 4000))
        phones.append(phone)
        box.agent(f"ana{i}", f"sip:ana{i}@127.0.0.1:{phone.port}")
    if agents:
        box.seats_up(agents)
    for i in range(agents if pause else 0):
        box.cli("agent", "pause", f"ana{i}")
    return phones


def a_caller_hears_the_greeting_then_music_then_an_agent():
    """Somebody calls a number of ours while the agent is at a pause: he hears the announcement, then music. The agent comes back: both
    hear each other, and the music is gone. The record says inbound, how long he waited, and who he is, for his number is in the list."""
    with stage() as (box, trunk_port, actors, folder):
        caller = Phone(trunk_port, sound=tone(400, 4000))
        actors.append(caller)
        agent, = begin(folder, box, pause=True)
        actors.append(agent)
        box.contacts([PHONES[0], PHONES[1]])
        queue(box, hello='"hello.wav"')
        box.cli("did", "add", "+1 (202) 555-0000", "help")
        call = caller.dial(box.sip_port, DID, PHONES[1])
        wait_for("the announcement", lambda: caller.has_heard(HELLO), 10)
        wait_for("music", lambda: caller.hears(MUSIC, 3000, 800), 10, 0.05)
        now = wait_for("the queue", lambda: (q := queue_now(box))["waiting"] == 1 and q, 5)
        assert now["offered"] == 1 and now["agents_idle"] == 0, now
        box.cli("agent", "ready", "ana0")
        wait_for("the caller hears the agent", lambda: caller.hears(1000, 3000), 10)
        seat = wait_for("the agent hears the caller", lambda: agent.hears(400, 3000), 10)
        time.sleep(0.5)
        assert peers.level_of(call["heard"][-1600:], MUSIC) < 100, "the music plays on"
        desk = json.loads(box.cli("desk", "show", "ana0", "--json").stdout)
        assert desk["call"]["name"] == "Person 1" and desk["call"]["phone"] == f"+{PHONES[1]}", desk
        caller.hang_up(call)
        row = wait_for("the record", lambda: [a for a in arrivals(box) if a["ended"]], 10)[0]
        assert (row["ended"], row["inbound"], row["live"], row["zone_set"]) == (1, 1, 0, 0) and row["case_id"] and row["agent"], row
        assert 0 < row["wait_ms"] < 60000, row  # from the end of the announcement on
        assert seat["state"] == "up", "a nailed-up seat stays up after a call"
        log = box.rows()
        assert [(r["direction"], r["outcome"]) for r in log] == [("inbound", "connected")], log
        assert "Intact" in (out := box.cli("verify").stdout), out


def callers_are_served_before_anybody_is_dialed():
    """One agent, a running campaign with a long list, a caller in the queue: when the agent is ready he gets the caller, not an attempt."""
    with stage() as (box, trunk_port, actors, folder):
        caller = Phone(trunk_port, sound=tone(400, 4000), talk_s=1.0)  # answers what is dialed, too
        actors.append(caller)
        agent, = begin(folder, box, pause=True, extra="retry = ();", mode="progressive")
        actors.append(agent)
        box.contacts(PHONES[10:40])
        queue(box)
        box.cli("did", "add", DID, "help")
        call = caller.dial(box.sip_port, DID)
        wait_for("music", lambda: caller.hears(MUSIC, 3000, 800), 10, 0.05)
        box.cli("campaign", "start", "test")
        box.cli("agent", "ready", "ana0")
        wait_for("the caller hears the agent", lambda: caller.hears(1000, 3000, of=call), 10)
        assert len(caller.calls) == 1, "somebody was dialed while a caller waited"
        caller.hang_up(call)
        wait_for("dialing goes on", lambda: len(caller.calls) > 3, 20)
        box.cli("campaign", "stop", "test")
        wait_for("all records", lambda: all(r["ended_at"] for r in box.rows()), 20)
        first = box.rows()[0]
        assert first["direction"] == "inbound" and first["outcome"] == "connected", first


def who_waits_too_long_is_told_so_and_who_leaves_is_counted():
    """Nobody is at work. One caller waits for the time-out, hears the message and is hung up on; another hangs up in the music; a third
    finds every place taken and is told so at once. Each is counted for what he was, none as abandoned by us."""
    with stage() as (box, trunk_port, actors, folder):
        caller = Phone(trunk_port, sound=tone(400, 4000))
        actors.append(caller)
        actors += begin(folder, box, pause=True)
        queue(box, timeout_s=12, places=2)
        box.cli("did", "add", DID, "help")
        first, second = caller.dial(box.sip_port, DID), caller.dial(box.sip_port, DID, "12025550143")
        wait_for("two wait", lambda: queue_now(box)["waiting"] == 2, 8)
        third = caller.dial(box.sip_port, DID, "12025550144")
        wait_for("the third is told", lambda: caller.has_heard(SORRY, of=third), 10)
        caller.hang_up(second)
        wait_for("the first is told", lambda: caller.has_heard(SORRY, of=first), 25)
        wait_for("all are hung up", lambda: not caller.up(), 10)
        rows = wait_for("the records", lambda: (r := arrivals(box)) and all(x["ended"] for x in r) and r, 10)
        assert [r["ended"] for r in rows] == [3, 2, 4], rows
        assert 11900 <= rows[0]["wait_ms"] <= 25000 and all(r["abandoned"] == 0 and r["live"] == 0 for r in rows), rows
        wait_for("the queue's figures", lambda: [queue_now(box)[k] for k in ("offered", "abandoned", "timed_out", "full")] == [3, 1, 1, 1], 5)


def overflow_goes_to_another_queue_and_its_agent():
    """The first queue is served by nobody; after its time-out the caller moves to the second, whose agent takes him at once."""
    with stage() as (box, trunk_port, actors, folder):
        caller = Phone(trunk_port, sound=tone(400, 4000))
        actors.append(caller)
        agent, = begin(folder, box)
        actors.append(agent)
        box.campaign(name="empty")
        queue(box, "second")
        queue(box, "first", campaign="empty", timeout_s=2, overflow='"second"')
        box.cli("did", "add", DID, "first")
        caller.dial(box.sip_port, DID)
        wait_for("music", lambda: caller.has_heard(MUSIC), 10)
        wait_for("the caller hears the agent", lambda: caller.hears(1000, 3000), 10)
        wait_for("both queues counted him", lambda: queue_now(box, "first")["overflowed"] == 1 and queue_now(box, "second")["answered"] == 1, 5)
        r = box.cli("queue", "delete", "second", check=False)
        assert r.returncode == 1 and "leads to" in r.stderr, r


def the_place_is_told_and_the_closed_hours_too():
    """Two callers wait: the first hears that he is first, the second that he is second. Then the hours end: the next caller hears the
    message and is in no queue."""
    with stage() as (box, trunk_port, actors, folder):
        caller = Phone(trunk_port, sound=tone(400, 4000))
        actors.append(caller)
        actors += begin(folder, box, pause=True)
        queue(box, say_place="true", say_every_s=3)
        box.cli("did", "add", DID, "help")
        one = caller.dial(box.sip_port, DID)
        wait_for("the first place", lambda: peers.level_of(one["heard"][-800:], 2000) > 3000, 10, 0.02)
        two = caller.dial(box.sip_port, DID, "12025550143")
        wait_for("the second place", lambda: peers.level_of(two["heard"][-800:], 2100) > 3000, 10, 0.02)
        caller.hang_up(one)
        wait_for("now the second is first", lambda: peers.level_of(two["heard"][-800:], 2000) > 3000, 10, 0.02)
        wait_for("and hears music again", lambda: peers.level_of(two["heard"][-800:], MUSIC) > 3000, 10, 0.02)
        day = time.strftime("%a", time.gmtime(time.time() + 3 * 86400)).lower()
        queue(box, verb="set", hours=f'( {{ days = "{day}"; open = "03:00"; close = "04:00"; }} )', zone='"Etc/UTC"')
        three = caller.dial(box.sip_port, DID, "12025550144")
        wait_for("the message", lambda: caller.has_heard(SORRY, of=three), 10)
        wait_for("the end", lambda: three["state"] == "over", 10)
        wait_for("and it is said why", lambda: [a["ended"] for a in arrivals(box)][2] == 5, 10)


def strangers_and_phones_reach_nobody():
    """An INVITE from an address that is no trunk's gets 403, a number that leads nowhere 404, one that was removed 404, a full trunk 503 with Retry-After; none
    of them leaves a call on the floor."""
    with stage(channels=2) as (box, trunk_port, actors, folder):
        caller, stranger = Phone(trunk_port, sound=tone(400, 4000)), Phone(sound=tone(500, 4000))
        actors += [caller, stranger]
        actors += begin(folder, box, pause=True)
        queue(box)
        box.cli("did", "add", DID, "help")
        for phone, number, want in ((stranger, DID, 403), (caller, "12025559999", 404), (caller, "anna", 404), (actors[2], DID, 403)):
            call = phone.dial(box.sip_port, number)
            wait_for(f"{want}", lambda: call["status"] == want, 5)
        kept = [caller.dial(box.sip_port, DID, f"1202555020{i}") for i in range(2)]
        wait_for("two are in", lambda: all(c["state"] == "up" for c in kept), 5)
        full = caller.dial(box.sip_port, DID)
        wait_for("503", lambda: full["status"] == 503, 5)
        assert "Retry-After:" in full["headers"], full["headers"]
        box.cli("did", "remove", DID)
        gone = caller.dial(box.sip_port, DID)
        wait_for("404", lambda: gone["status"] == 404, 5)
        for c in kept:
            caller.hang_up(c)
        wait_for("nobody is left", lambda: box.status()["calls"] == 0 if "calls" in box.status() else True, 10)
        wait_for("the one who found it full is counted", lambda: queue_now(box)["refused"] == 1, 5)
        assert len(arrivals(box)) == 2


def a_hundred_callers_by_sipp():
    """SIPp calls a hundred times, ten a second, and hangs up after a while; three agents serve whom they can. Each call has its record,
    no two callers one agent, and the queue's counts are those of the records."""
    with stage() as (box, trunk_port, actors, folder):
        actors += begin(folder, box, agents=3, wrapup_s=0)
        queue(box, timeout_s=5)
        box.cli("did", "add", DID, "help")
        sipp = Sipp(folder, "callers", CALLER, trunk_port, extra=("-m", "100", "-r", "10", "-s", DID, f"127.0.0.1:{box.sip_port}"))
        actors.append(sipp)
        wait_for("all calls", lambda: sipp.process.poll() is not None, 40)
        rows = wait_for("all records", lambda: (r := arrivals(box)) and len(r) == 100 and all(x["ended"] for x in r) and r, 20)
        now = wait_for("the queue's figures", lambda: (q := queue_now(box))["answered"] + q["abandoned"] + q["timed_out"] == 100 and q, 5)  # a picture, made now and then
        assert sum(r["ended"] == 1 for r in rows) == now["answered"] > 10, now
        assert sum(r["ended"] == 2 for r in rows) == now["abandoned"] and now["offered"] == 100, now
        talks = sorted((r["agent"], instant(r["bridged_at"]), instant(r["ended_at"])) for r in box.rows() if r["agent"])
        for a, b in zip(talks, talks[1:]):
            assert a[0] != b[0] or a[2] <= b[1] + 0.02, (a, b)  # audio and signalling are stamped by two clocks that tick every 20 ms


CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1202556[call_number]@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1202556[call_number]@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<pause milliseconds="1500"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1202556[call_number]@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>"""

def a_worker_that_dies_takes_no_caller_with_it():
    """The SIP worker is killed while a caller hears music: the music goes on, the next worker takes his call up, the agent gets him, and the
    agent's key ends it over the wire."""
    with stage() as (box, trunk_port, actors, folder):
        caller = Phone(trunk_port, sound=tone(400, 4000))
        actors.append(caller)
        agent, = begin(folder, box, pause=True)
        actors.append(agent)
        queue(box)
        box.cli("did", "add", DID, "help")
        call = caller.dial(box.sip_port, DID)
        wait_for("music", lambda: caller.hears(MUSIC, 3000, 800), 10, 0.05)
        first = box.child("sip-worker")
        os.kill(first, signal.SIGKILL)
        wait_for("another worker", lambda: box.child("sip-worker") not in (None, first), 10)
        del call["heard"][:]
        wait_for("two more seconds of music", lambda: len(call["heard"]) > 16000 and caller.hears(MUSIC, 3000, 800), 10)
        box.seats_up()
        box.cli("agent", "ready", "ana0")
        wait_for("the caller hears the agent", lambda: caller.hears(1000, 3000), 10)
        seat = wait_for("the agent hears the caller", lambda: agent.hears(400, 3000), 10)
        agent.press(seat, "*")
        wait_for("the caller is hung up on", lambda: call["state"] == "over", 10)
        row = wait_for("the record", lambda: [a for a in arrivals(box) if a["ended"]], 10)[0]
        assert row["ended"] == 1, row


def through_a_registered_trunk(transport):
    """The box registers at Kamailio over this transport; a caller behind Kamailio reaches the number of ours that `To` names, and is answered over the
    connection that we opened: he and the agent hear each other, his BYE ends it, and the row says so. Then the agent ends a second call."""
    with stage() as (box, trunk_port, actors, folder):
        tls = folder / "tls"
        if transport == "tls":
            tls_files(tls, "DNS:sip.carrier.example")
            secure_listener(box, tls)
        elif transport == "tcp":
            box.config.write_text(box.config.read_text().replace('transport = "udp"; advertise', 'transport = "tcp"; advertise', 1))
        carrier = Kamailio(folder, trunk_port, transport=transport, tls_dir=tls)
        actors.append(carrier)
        more = 'user = "acme"; password = "pa:ss word"; register = true; domain = "carrier.example"; options_s = 2; '
        set_trunk(box, carrier.port, more + ('tls_name = "sip.carrier.example";' if transport == "tls" else ""), transport=transport)
        caller = Phone(trunk_port, sound=tone(400, 4000))
        actors.append(caller)
        box.config.write_text(box.config.read_text() + prompts(folder))
        box.start()
        wait_for("it is registered", lambda: trunk(box)["state"] == "up", 15)
        box.campaign()
        phone = agent_phone(box, folder, actors, transport, tls)
        queue(box)
        box.cli("did", "add", DID, "help")
        for n, ends in enumerate(("caller", "agent"), 1):
            call = caller.dial(carrier.udp_port, DID)
            wait_for("they hear each other", lambda c=call: caller.hears(1000, 1000, of=c), 20)
            assert phone.hears_caller(), "the agent hears the caller"
            if ends == "caller":
                caller.hang_up(call)
            else:
                phone.hang_up()
                wait_for("our BYE goes the recorded way", lambda c=call: c["state"] == "over" and c["byed"], 15)
            wait_for("its row", lambda n=n: len(box.closed_rows()) == n, 10)
        rows = box.closed_rows()
        assert all(r["direction"] == "inbound" and r["outcome"] == "connected" and r["phone"] == "12025550142" for r in rows), rows
        assert rows[0]["ended_by"] == "callee", rows[0]  # the far side


class Desk:
    """The agent: a phone of ours over UDP, which hangs up by its key, or baresip over another transport, whose box is told to end."""

    def __init__(self, box, phone=None):
        self.box, self.phone = box, phone

    def hears_caller(self):
        return self.phone is None or wait_for("the agent hears the caller", lambda: self.phone.hears(400, 3000), 10)

    def hang_up(self):
        if self.phone:
            self.phone.press(self.phone.up()[0], "*")
        else:
            assert self.box.stop() == 0  # a box that ends hangs up


def agent_phone(box, folder, actors, transport, tls):
    if transport == "udp":
        phone = Phone(sound=tone(1000, 4000))
        actors.append(phone)
        box.agent("ana", f"sip:ana@127.0.0.1:{phone.port}")
        box.seats_up()
        return Desk(box, phone=phone)
    phone_agent(box, "ana", "s3cret-word")
    actors.append(Baresip(folder, "ana", "s3cret-word", box.sip_port, transport=transport, cafile=tls / "ca.crt" if transport == "tls" else None))
    wait_for("the seat is up", lambda: seat(box), 15)
    return Desk(box)


def callers_come_over_a_registered_trunk():
    """Over UDP."""
    through_a_registered_trunk("udp")


def callers_come_over_a_registered_trunk_by_tcp():
    """Over TCP."""
    through_a_registered_trunk("tcp")


def callers_come_over_a_registered_trunk_by_tls():
    """Over TLS, certificates checked."""
    through_a_registered_trunk("tls")


def a_caller_may_ask_for_reliable_provisional_answers():
    """An INVITE that requires 100rel, as some carriers send it, and one that merely supports it are both answered and served; one that requires what
    nobody knows is refused with 420 that names it."""
    with stage() as (box, trunk_port, actors, folder):
        caller = Phone(trunk_port, sound=tone(400, 4000))
        actors.append(caller)
        actors += begin(folder, box)
        queue(box)
        box.cli("did", "add", DID, "help")
        for extra in ("Require: 100rel\r\n", "Supported: 100rel, timer\r\nSession-Expires: 1800\r\n"):
            call = caller.dial(box.sip_port, DID, extra=extra)
            wait_for("he hears the agent", lambda c=call: caller.hears(1000, 3000, of=c), 20)
            reliable = [s for s in call["seen"] if 100 < s < 200]
            assert not reliable or "RSeq" in call["headers"], call["seen"]
            caller.hang_up(call)
            wait_for("nothing is left", lambda: box.status()["calls"] == 0, 10)
        odd = caller.dial(box.sip_port, DID, extra="Require: x-unheard-of\r\n")
        wait_for("420", lambda: odd["status"] == 420, 8)
        assert re.search(r"^Unsupported:.*x-unheard-of", odd["headers"], re.M | re.I), odd["headers"]


def more_callers_than_it_takes_are_refused_at_once_and_all_is_well_afterwards():
    """Three hundred callers in three seconds to a box that takes twenty calls at once: who is taken is kept and has its record, who is not hears 503, nothing
    else fails, nothing stays behind, and who calls afterwards is taken as before."""
    with stage(calls=20, channels=20, calls_per_s=100) as (box, trunk_port, actors, folder):
        begin(folder, box, agents=0)
        queue(box, music='""')
        box.cli("did", "add", DID, "help")
        flood = callers(folder, "flood", box, trunk_port, 300, 100)
        assert flood["made"] == 300 and flood["failed"] <= (6 if peers.BAD_LINE else 0), flood
        caller = Phone(trunk_port, sound=None)
        actors.append(caller)

        def taken():
            call = caller.dial(box.sip_port, DID)
            wait_for("an answer", lambda: call["status"] >= 200, 10)
            return call if call["status"] == 200 else None

        caller.hang_up(wait_for("he is taken as before", taken, 5, 0.5))
        rows = wait_for("every record is closed", lambda: (r := arrivals(box)) and all(x["ended"] for x in r) and r, 10)
        wait_for("nothing is left", lambda: box.status()["calls"] == 0, 10)
        print(f"        {len(rows) - 1} of 300 were taken", flush=True)
        assert 20 <= len(rows) < 200, len(rows)
        wait_for("the queue's figures are those of the records", lambda: (q := queue_now(box))["offered"] == len(rows) == q["abandoned"], 5)


STORIES = [more_callers_than_it_takes_are_refused_at_once_and_all_is_well_afterwards, callers_come_over_a_registered_trunk, callers_come_over_a_registered_trunk_by_tcp, callers_come_over_a_registered_trunk_by_tls,
           a_caller_may_ask_for_reliable_provisional_answers, 
    a_worker_that_dies_takes_no_caller_with_it,
    a_caller_hears_the_greeting_then_music_then_an_agent,
    callers_are_served_before_anybody_is_dialed,
    who_waits_too_long_is_told_so_and_who_leaves_is_counted,
    overflow_goes_to_another_queue_and_its_agent,
    the_place_is_told_and_the_closed_hours_too,
    strangers_and_phones_reach_nobody,
    a_hundred_callers_by_sipp,
]
