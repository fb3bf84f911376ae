"""Stories of two people on the line: what they hear, hold, silence, strangers, garbage."""
import json
import random
import socket
import struct
import subprocess
import time
import wave

import peers
from harness import stage, wait_for
from peers import Phone, tone
from scene import PHONES, called, heard_at_level, one_talk

KEYS = 'dispositions = ( { digit = "1"; code = "SALE"; } ); retry = ();'


def state_of(box, agent):
    return next(a["state"] for a in box.status()["agents"] if a["name"] == agent)


def audio_reaches_both_ends_at_its_level():
    """A tone from the customer arrives at the agent's phone and the other way round within 1 % of its level, PCMU on one side and
    PCMA on the other; a key of the customer arrives once; a key '*' of the agent ends the call, and a digit disposes it."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, codec=0, sound=tone(400, 8000))
        agent = Phone(codec=8, sound=tone(1000, 6000))
        actors += [customer, agent]
        box.start()
        box.campaign(ratio="1.0", wrapup_s=60, extra=KEYS)
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.seats_up()
        box.contacts([PHONES[0]])
        box.cli("campaign", "start", "test")
        call = wait_for("the customer's call", customer.up, 15)[0]
        seat = agent.up()[0]
        heard_at_level(seat, 400, 8000, codec=0)
        heard_at_level(call, 1000, 6000, codec=8)
        assert peers.level_of(seat["heard"][-8000:], 1000) < 20, "the agent hears himself"
        assert peers.level_of(call["heard"][-8000:], 400) < 20, "the customer hears himself"
        customer.press(call, "7")
        wait_for("the customer's key at the agent", lambda: [d for d, _ in seat["digits"]] == ["7"], 3)
        agent.press(seat, "*")
        wait_for("the customer hears the end", lambda: call["state"] == "over", 5)
        wait_for("wrap-up", lambda: state_of(box, "ana") == "wrapup", 5)
        agent.press(seat, "1")
        row = wait_for("the disposition", lambda: [r for r in box.rows() if r["disposition"]], 5)[0]
        assert (row["outcome"], row["ended_by"], row["disposition"], row["agent"]) == ("connected", "agent", "SALE", "ana"), row
        assert seat["state"] == "up", "a nailed-up seat stays up after a call"
        assert [d for d, _ in seat["digits"]] == ["7"], "a key arrives once"


def a_stranger_is_never_heard():
    """Somebody sprays loud RTP at every media port of the box before and while two people talk: neither of them hears it."""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        customer, agent = Phone(trunk_port, sound=tone(400, 4000)), Phone(sound=tone(1000, 4000))
        actors += [customer, agent]
        box.start()
        box.campaign()
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.seats_up()
        box.contacts([PHONES[0]])
        box.cli("campaign", "start", "test")
        spray = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        loud = bytes(peers.ENCODE[0][x + 32768] for x in tone(2000, 20000, 160))
        seq, talking_since = 0, None

        def a_round():
            nonlocal seq, talking_since
            for port in range(box.media_low, box.media_low + 80, 2):
                spray.sendto(struct.pack("!BBHII", 0x80, 0, seq & 0xFFFF, seq * 160 & 0xFFFFFFFF, 0xBAD) + loud, ("127.0.0.1", port))
            seq += 1
            if talking_since is None and customer.up():
                talking_since = seq
            return talking_since and seq > talking_since + 200

        wait_for("200 rounds while they talk", a_round, 30, 0.02)
        spray.close()
        call = wait_for("a talk", lambda: customer.hears(1000, 3000), 5)
        seat = wait_for("a talk", lambda: agent.hears(400, 3000), 5)
        for who, heard in (("agent", seat["heard"]), ("customer", call["heard"])):
            heard = list(heard)
            for at in range(0, len(heard) - 800, 800):
                assert peers.level_of(heard[at:at + 800], 2000) < 300, f"the {who} heard a stranger at sample {at}"


def a_talk_on_hold_is_not_dead():
    """The customer's phone puts the talk on hold (a=inactive) and both sides send nothing for 18 s: the talk goes on afterwards. The same
    with a=sendonly, while the phone plays its music to the agent."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        for direction, answer, quiet in (("inactive", "inactive", True), ("sendonly", "recvonly", False)):
            held = customer.reinvite(call, direction)
            wait_for("the answer to hold", lambda: held in call["agreed"], 5)
            assert call["agreed"][held] == f"200 {answer}", call["agreed"]
            call["muted"], seat["muted"] = quiet, quiet
            time.sleep(18 if quiet else 3)
            assert call["state"] == "up" and seat["state"] == "up" and not box.closed_rows(), box.rows()
            resumed = customer.reinvite(call, "sendrecv")
            wait_for("the answer to resume", lambda: resumed in call["agreed"], 5)
            assert call["agreed"][resumed] == "200 sendrecv", call["agreed"]
            call["muted"] = seat["muted"] = False
            del call["heard"][:], seat["heard"][:]
            wait_for("they hear each other again", lambda: customer.hears(1000, 3000) and agent.hears(400, 3000), 8)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert (row["outcome"], row["cause"], row["ended_by"]) == ("connected", "normal", "callee"), row


def silence_of_both_sides_ends_the_call():
    """Nobody on the line sends anything for 15 s, and nobody holds: the call is ended, not before, with cause rtp_dead."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, _, seat = one_talk(box, trunk_port, actors)
        call["muted"] = True
        time.sleep(17)
        assert call["state"] == "up", "one side that listens is no dead call"
        began = time.monotonic()
        seat["muted"] = True
        wait_for("BYE", lambda: call["state"] == "over", 25)
        assert call["ended_at"] - began > 13, f"ended after {call['ended_at'] - began} s"
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert (row["outcome"], row["cause"], row["ended_by"]) == ("connected", "rtp_dead", "system"), row
        assert len(box.rows()) == 1


def nonsense(sip_port):
    """Datagrams that no phone would send."""
    rng = random.Random(5)
    head = f"INVITE sip:a@127.0.0.1:{sip_port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\n"
    rest = "From: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: garbage\r\nCSeq: 1 INVITE\r\n"
    yield from (b"", b"\0", b"\r\n\r\n", b"\xff" * 1400, b"SIP/2.0 200 OK\r\n\r\n", b"A" * 60000)
    for _ in range(60):
        yield rng.randbytes(rng.randint(1, 1400))
    yield (head + rest + "Content-Length: 99999999999999999999\r\n\r\n").encode()
    yield (head + rest + "Content-Length: -1\r\n\r\nv=0").encode()
    yield (head + rest + "Max-Forwards: 0\r\nContent-Length: 0\r\n\r\n").encode()
    yield (head + "Call-ID: only\r\n\r\n").encode()
    yield (head * 200 + rest + "\r\n").encode()
    yield (head + rest.replace("1 INVITE", "4294967296 INVITE") + "\r\n").encode()
    yield (head + rest + "Contact: " + "<" * 3000 + "\r\n\r\n").encode()
    yield (head + rest + "Content-Type: application/sdp\r\nContent-Length: 60\r\n\r\nv=0\r\no=- 9 9 IN IP4 999.1.1.1\r\nm=audio 99999 RTP/AVP 0 8 9999\r\n").encode()
    for method in ("BYE", "ACK", "CANCEL", "REFER", "NOTIFY", "MESSAGE", "PRACK", "UPDATE", "x" * 200):
        yield (head.replace("INVITE", method, 1) + rest.replace("INVITE", method) + "Content-Length: 0\r\n\r\n").encode()
    whole = (head + rest + "Contact: <sip:x@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n").encode()
    for cut in range(1, len(whole), 7):
        yield whole[:cut]


def browse_badly(port):
    """Requests that no browser would send; the answers do not matter. Returns sockets that stay open, half a request in each."""
    rng, open_ones = random.Random(6), []
    texts = [b"\0" * 2000, rng.randbytes(3000), b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"/" * 40000 + b" HTTP/1.1\r\n\r\n",
             b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nabc", b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
             b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
             b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"]
    for text in texts + [b"GET / HTT"] * 40:
        s = socket.create_connection(("127.0.0.1", port), timeout=5)
        try:
            s.sendall(text)
        except OSError:
            pass
        open_ones.append(s)
    return open_ones


def garbage_on_the_ports_does_no_harm():
    """Hundreds of broken datagrams on the SIP port and broken requests on the console's port during a talk: the talk is not disturbed, no
    child dies, nobody of the strangers starts anything, and the next call is as good as the first."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        children = box.children()
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(3):
            for data in nonsense(box.sip_port):
                stranger.sendto(data, ("127.0.0.1", box.sip_port))
                time.sleep(0.001)
        left_open = browse_badly(box.http_port)
        del call["heard"][:], seat["heard"][:]
        wait_for("they hear each other still", lambda: customer.hears(1000, 3000) and agent.hears(400, 3000), 8)
        assert box.children() == children, (children, box.children(), box.log.read_text()[-3000:])
        assert box.status()["calls"] == 1
        box.contacts([PHONES[1]])
        customer.hang_up(call)
        second = wait_for("the next call", lambda: next((c for c in customer.up() if called(c) == PHONES[1]), None), 20)
        wait_for("it is heard", lambda: customer.hears(1000, 3000, of=second), 8)
        customer.hang_up(second)
        rows = wait_for("both rows", lambda: len(box.closed_rows()) == 2 and box.rows(), 8)
        assert all(r["outcome"] == "connected" and r["ended_by"] == "callee" for r in rows), rows
        for s in (stranger, *left_open):
            s.close()


# --- voices ---

GREETINGS = {  # line number -> what is said after the answer; machines beep afterwards
    "00": ("en-us", "Hello?", False), "01": ("en-us+f3", "Hello, Smith speaking.", False), "02": ("en-gb", "Yes, hello?", False),
    "50": ("en-us", "Hi. You have reached the Miller family. Nobody can come to the phone right now, so please leave your name, your number "
           "and a short message after the tone, and we will call you back as soon as we can.", True),
    "51": ("en-us+f2", "The person you are trying to reach is not available at the moment. At the tone, please record your message. When you have "
           "finished recording, you may hang up, or press one for more options.", True),
    "52": ("en-gb+m3", "Thank you for calling. Our office is closed today. Our opening hours are Monday to Friday from nine until five. Please leave "
           "a message after the beep and somebody will return your call.", True)}


def spoken(folder, voice, text, beep):
    """A greeting by espeak-ng as 8 kHz samples; then a beep, then the noise of a line."""
    path, rng = folder / f"{abs(hash(text))}.wav", random.Random(text)
    subprocess.run(["espeak-ng", "-v", voice, "-s", "165", "-w", str(path), text], check=True, capture_output=True)
    with wave.open(str(path)) as w:
        rate, raw = w.getframerate(), struct.unpack(f"<{w.getnframes()}h", w.readframes(w.getnframes()))
    step = rate / 8000
    # A box filter before the samples are thinned out: enough for a voice.
    at8k = [int(sum(raw[int(i * step):int(i * step + 3)]) / 3 * 0.5) for i in range(int((len(raw) - 4) / step))]
    tail = [0] * 4000 + tone(1000, 9000, 4000) if beep else []
    return [0] * 4000 + at8k + tail + [rng.randint(-8, 8) for _ in range(8000 * 60)]


def people_reach_an_agent_and_machines_do_not():
    """Three people say hello, three answering machines give their greetings (espeak-ng, made now): people hear an agent within 2 s of their
    greeting, machines never do and are hung up on, and the log says which was which."""
    with stage() as (box, trunk_port, actors, folder):
        sounds = {line: spoken(folder, *greeting) for line, greeting in GREETINGS.items()}
        customer = Phone(trunk_port, sound=lambda c: sounds[called(c)[-2:]])
        agents = [Phone(sound=tone(1000, 4000)) for _ in range(6)]
        actors += [customer, *agents]
        box.start()
        box.campaign(mode="progressive", screening="true", extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.seats_up(6)
        box.contacts([f"120255501{line}" for line in sounds])
        box.cli("campaign", "start", "test")
        wait_for("all six on the line", lambda: len(customer.calls) == 6, 20)
        for c in list(customer.calls):
            if not GREETINGS[called(c)[-2:]][2]:
                wait_for(f"{called(c)} hears an agent", lambda: customer.hears(1000, 2000, of=c), 20)
                customer.hang_up(c)
        rows = wait_for("every row", lambda: len(box.closed_rows()) == 6 and box.rows(), 60)
        for r in rows:
            machine = GREETINGS[r["phone"][-2:]][2]
            assert (r["outcome"], r["verdict"]) == (("machine", "machine") if machine else ("connected", "person")), r
            assert bool(r["agent"]) != machine, r


ROBOT = ("en-us+f2", "Hi, the person you are calling is using a screening service and will get a copy of this conversation. Please say your name "
         "and why you are calling, and stay on the line.", False)


def a_call_screening_robot_is_told_apart():
    """A robot asks who is calling. Once its words were learned from a recording, it is a robot and no machine: the campaign, which hangs up on
    machines, gives robots to an agent. The mailbox beside it is a machine as before, and a file without words teaches nothing."""
    with stage() as (box, trunk_port, actors, folder):
        sounds = {"10": spoken(folder, *ROBOT), "50": spoken(folder, *GREETINGS["50"])}
        customer = Phone(trunk_port, sound=lambda c: sounds[called(c)[-2:]])
        agents = [Phone(sound=tone(1000, 4000)) for _ in range(2)]
        actors += [customer, *agents]
        box.start()
        box.campaign(mode="progressive", screening="true", extra='screening_action = "agent";\nretry = ();\n'
                     'samples = { share_bp = 10000; days = 1; legal_basis = "consent of those who test"; };')
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.seats_up(2)
        recorded, empty = folder / "robot.wav", folder / "empty.wav"
        for path, samples in ((recorded, sounds["10"]), (empty, [0] * 40000)):
            with wave.open(str(path), "wb") as w:
                w.setparams((1, 2, 8000, 0, "NONE", ""))
                w.writeframes(struct.pack(f"<{len(samples)}h", *samples))
        refused = box.cli("fingerprint", "learn", str(empty), "--as", "screening", check=False)
        assert refused.returncode == 1 and "two seconds of speech" in refused.stderr, refused
        box.cli("fingerprint", "learn", str(recorded), "--as", "screening")
        known = [json.loads(line) for line in box.cli("fingerprint", "export").stdout.splitlines()]
        assert [(k["what"], k["in_use"], k["calls"]) for k in known] == [("screening", True, 0)], known
        box.contacts(["12025550110", "12025550150"])
        box.cli("campaign", "start", "test")
        wait_for("both on the line", lambda: len(customer.calls) == 2, 20)
        robot = next(c for c in customer.calls if called(c)[-2:] == "10")
        wait_for("the agent talks to the robot", lambda: customer.hears(1000, 2000, of=robot), 20)
        customer.hang_up(robot)
        rows = {r["phone"][-2:]: r for r in wait_for("every row", lambda: len(box.closed_rows()) == 2 and box.rows(), 60)}
        assert (rows["10"]["outcome"], rows["10"]["verdict"], rows["10"]["verdict_reason"]) == ("screening", "screening", "screening_phrase"), rows
        assert (rows["50"]["outcome"], rows["50"]["verdict"]) == ("machine", "machine"), rows
        assert rows["10"]["agent"] and not rows["50"]["agent"], rows
        # Who labels a kept call teaches, too; one number alone is not enough to use it.
        wait_for("the sample", lambda: list((box.folder / "state" / "samples").glob(rows["50"]["attempt_id"] + ".*.wav")), 20)
        box.cli("label", "--file", rows["50"]["attempt_id"], "--as", "machine")
        known = [json.loads(line) for line in box.cli("fingerprint", "export").stdout.splitlines()]
        assert sorted((k["what"], k["in_use"]) for k in known) == [("machine", False), ("screening", True)], known


STORIES = [audio_reaches_both_ends_at_its_level, a_stranger_is_never_heard, a_talk_on_hold_is_not_dead, silence_of_both_sides_ends_the_call,
           garbage_on_the_ports_does_no_harm, people_reach_an_agent_and_machines_do_not, a_call_screening_robot_is_told_apart]
