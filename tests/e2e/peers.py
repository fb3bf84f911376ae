"""A small SIP and RTP endpoint in plain Python: enough of a phone to judge audio and behaviour with.

It answers INVITEs over UDP, sends a tone (or what `sound` gives) as PCMU or PCMA every 20 ms, keeps what it
hears, sends telephone-events, hangs up on command. One thread a phone, blocking sockets, loopback only.
"""
import contextlib
import math
import os
import random
import re
import select
import socket
import struct
import threading
import time


def ulaw_encode(x):
    sign, x = (0x80, -x) if x < 0 else (0, x)
    x = min(x, 32635) + 0x84
    exponent = x.bit_length() - 8
    return ~(sign | exponent << 4 | x >> exponent + 3 & 15) & 0xFF


def ulaw_decode(u):
    u = ~u & 0xFF
    x = ((u & 15) << 3) + 0x84 << (u >> 4 & 7)
    return 0x84 - x if u & 0x80 else x - 0x84


def alaw_encode(x):
    sign, x = (0x80, x) if x >= 0 else (0, ~x)
    x = min(x, 32767) >> 4
    if x < 16:
        a = x
    else:
        exponent = x.bit_length() - 4
        a = exponent << 4 | x >> exponent - 1 & 15
    return (a | sign) ^ 0x55


def alaw_decode(a):
    a ^= 0x55
    exponent, mantissa = a >> 4 & 7, a & 15
    x = (mantissa << 4) + 8 if exponent == 0 else (mantissa << 4) + 0x108 << exponent - 1
    return x if a & 0x80 else -x


ENCODE = {0: bytes(ulaw_encode(x - 32768) for x in range(0, 65536)), 8: bytes(alaw_encode(x - 32768) for x in range(0, 65536))}
DECODE = {0: [ulaw_decode(u) for u in range(256)], 8: [alaw_decode(a) for a in range(256)]}


def tone(hz, level, n=8000):
    return [int(level * math.sin(2 * math.pi * hz * i / 8000)) for i in range(n)]


def level_of(samples, hz):
    """Amplitude of one frequency in these samples (Goertzel by correlation over whole periods)."""
    n = len(samples) // 8000 * 8000 or len(samples) // 80 * 80
    if n == 0:
        return 0.0
    re_ = sum(s * math.cos(2 * math.pi * hz * i / 8000) for i, s in enumerate(samples[:n]))
    im_ = sum(s * math.sin(2 * math.pi * hz * i / 8000) for i, s in enumerate(samples[:n]))
    return 2 * math.hypot(re_, im_) / n


BAD_LINE = bool(os.environ.get("BAD_LINE"))  # packets are lost (tests/support/bad_line.c): what is not answered is said again


def rtp_socket():
    """A socket on an even port, as phones have it: the odd one beside it is for RTCP."""
    odd = []
    while True:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", 0))
        if s.getsockname()[1] % 2 == 0:
            break
        odd.append(s)  # held until an even one is found: the kernel may give a freed port again
    for other in odd:
        other.close()
    s.setblocking(False)
    return s


class Phone(threading.Thread):
    """`calls` is a list of dicts, one a dialog: heard (samples), since, answered_at, ended_at, acked and byed (To tags).

    early: 183 with audio while it rings. on_cancel: "487", or "200" (picks up in the very moment). fork: that many answers.
    refuse: (code, phrase) instead of ringing.
    """

    def __init__(self, port=None, codec=0, sound=None, ring_s=0.1, answer=True, talk_s=None, early=False, on_cancel="487", fork=1, refuse=None):
        super().__init__(daemon=True)
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sip.bind(("127.0.0.1", port or 0))
        self.port = self.sip.getsockname()[1]
        self.pending = {}
        self.codec, self.sound, self.ring_s, self.answer, self.talk_s = codec, sound, ring_s, answer, talk_s
        self.early, self.on_cancel, self.fork, self.refuse = early, on_cancel, fork, refuse
        self.contact, self.more = "", ""  # parameters of its Contact; more header lines of its replies
        self.calls, self.lock, self.running = [], threading.Lock(), True
        self.start()

    # --- SIP ---

    def field(self, text, name):
        m = re.search(rf"^{name}\s*:\s*(.*?)\r?$", text, re.I | re.M)
        return m.group(1).strip() if m else ""

    def reply(self, call, code, phrase, cseq=None, via=None, body="", tag=None):
        extra = "Content-Type: application/sdp\r\n" if body else ""
        to = call["to"] if ";tag=" in call["to"] or code == 100 else f"{call['to']};tag={tag or call['tag']}"
        text = (f"SIP/2.0 {code} {phrase}\r\n{via or call['via']}From: {call['from']}\r\nTo: {to}\r\nCall-ID: {call['id']}\r\n"
                f"CSeq: {cseq or call['cseq']}\r\nContact: <sip:phone@127.0.0.1:{self.port}>{self.contact}\r\n{self.more}{call.get('record', '')}{extra}Content-Length: {len(body)}\r\n\r\n{body}")
        self.sip.sendto(text.encode(), call["peer"])
        if BAD_LINE and (cseq or call["cseq"]).endswith("INVITE") and call.get("rtp"):
            call["said"] = text
            if code >= 300:
                self.pending[(call["id"], "ACK")] = [text, call["peer"], time.monotonic() + 0.5]

    def pick_up(self, call, now):
        call["state"], call["answered_at"], call["resend"] = "answered", now, now + 0.5
        if not self.early:
            call["next"] = now
        self.send_answers(call)

    def send_answers(self, call):
        for i in range(self.fork):
            self.reply(call, 200, "OK", body=self.sdp(call), tag=call["tag"] + (f"f{i}" if i else ""))

    def sdp(self, call, direction="sendrecv"):
        return (f"v=0\r\no=phone {call['port']} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                f"m=audio {call['port']} RTP/AVP {self.codec} 101\r\na=rtpmap:{self.codec} {'PCMU' if self.codec == 0 else 'PCMA'}/8000\r\n"
                f"a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na={direction}\r\n")

    def on_invite(self, text, peer):
        call_id = self.field(text, "Call-ID")
        for c in self.calls:
            if c["id"] == call_id:
                if ";tag=" in self.field(text, "To"):  # re-INVITE
                    c["cseq"], c["via"] = self.field(text, "CSeq"), self.vias(text)
                    self.reply(c, 200, "OK", body=self.sdp(c))
                elif "said" in c:  # it did not arrive
                    self.sip.sendto(c["said"].encode(), peer)
                return
        rtp = rtp_socket()
        m, host = re.search(r"^m=audio (\d+)", text, re.M), re.search(r"^c=IN IP4 ([\d.]+)", text, re.M)
        uri = re.search(r"<([^>]*)>", self.field(text, "Contact"))
        call = {"id": call_id, "peer": peer, "via": self.vias(text), "from": self.field(text, "From"), "to": self.field(text, "To"),
                "cseq": self.field(text, "CSeq"), "tag": f"{random.getrandbits(40):x}", "rtp": rtp, "port": rtp.getsockname()[1],
                "media": (host.group(1) if host else "127.0.0.1", int(m.group(1)) if m else 0), "target": uri.group(1) if uri else "", "heard": [], "arrivals": [],
                "heard_from": set(), "digits": [], "state": "ringing", "since": time.monotonic(), "seq": random.getrandbits(15), "ts": random.getrandbits(30),
                "ssrc": random.getrandbits(32), "position": 0, "next": 0.0, "answered_at": None, "ended_at": None, "headers": text,
                "muted": False, "cancelled_at": None, "acked": set(), "byed": set(), "own_cseq": 100, "agreed": {},
                "route": "".join(f"Route: {r.strip()}\r\n" for r in re.findall(r"^Record-Route\s*:\s*(.*?)\r?$", text, re.I | re.M)),
                "record": "".join(f"Record-Route: {r.strip()}\r\n" for r in re.findall(r"^Record-Route\s*:\s*(.*?)\r?$", text, re.I | re.M))}
        with self.lock:
            self.calls.append(call)
        if self.refuse:
            self.reply(call, *self.refuse)
            self.over(call)
        elif self.early:
            call["next"] = time.monotonic()
            self.reply(call, 183, "Session Progress", body=self.sdp(call))
        else:
            self.reply(call, 180, "Ringing")

    def vias(self, text):
        return "".join(f"Via: {v.strip()}\r\n" for v in re.findall(r"^Via\s*:\s*(.*?)\r?$", text, re.I | re.M))

    def on_sip(self, data, peer):
        text = data.decode("utf-8", "replace")
        method = text.split(" ", 1)[0]
        if method == "INVITE":
            self.on_invite(text, peer)
            return
        call = next((c for c in self.calls if c["id"] == self.field(text, "Call-ID")), None)
        if call is None:
            if method == "OPTIONS":  # is anybody there?
                asked = {"to": self.field(text, "To"), "tag": "options", "from": self.field(text, "From"), "id": self.field(text, "Call-ID"), "peer": peer}
                self.reply(asked, 200, "OK", self.field(text, "CSeq"), self.vias(text))
            return
        if method.startswith("SIP/2.0"):
            self.on_reply(call, text)
            return
        tag = (re.search(r";tag=([^;>\s]+)", self.field(text, "To")) or [None, ""])[1]
        if method == "ACK":
            self.pending.pop((call["id"], "ACK"), None)
            call["acked"].add(tag)
        if method == "BYE":
            call["byed"].add(tag)
            self.reply(call, 200, "OK", self.field(text, "CSeq"), self.vias(text), tag=tag or None)
            if tag in ("", call["tag"]):
                self.over(call)
        elif method == "CANCEL":
            call["cancelled_at"] = time.monotonic()
            if call["state"] == "ringing" and self.on_cancel == "200":
                self.pick_up(call, time.monotonic())
            self.reply(call, 200, "OK", self.field(text, "CSeq"), self.vias(text))
            if call["state"] == "ringing":
                self.reply(call, 487, "Request Terminated")
                self.over(call)
        elif method == "ACK" and call["state"] == "answered":
            call["state"] = "up"
        elif method == "OPTIONS":
            self.reply(call, 200, "OK", self.field(text, "CSeq"), self.vias(text))

    def request(self, call, method, cseq, body=""):
        """A request of ours inside the dialog."""
        contact = f"Contact: <sip:phone@127.0.0.1:{self.port}>\r\n" + ("Content-Type: application/sdp\r\n" if body else "") if method != "BYE" else ""
        text = (f"{method} {call['target']} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{random.getrandbits(48):x}\r\n"
                f"Max-Forwards: 70\r\nFrom: {call['to']};tag={call['tag']}\r\nTo: {call['from']}\r\nCall-ID: {call['id']}\r\n"
                f"CSeq: {cseq} {method}\r\n{call['route']}{contact}Content-Length: {len(body)}\r\n\r\n{body}")
        self.sip.sendto(text.encode(), call["peer"])
        if BAD_LINE and method != "ACK":
            self.pending[(call["id"], f"{cseq} {method}")] = [text, call["peer"], time.monotonic() + 0.5]

    def reinvite(self, call, direction):
        """Hold and resume. Returns the number under which `agreed` will hold the answer's direction."""
        call["own_cseq"] += 1
        self.request(call, "INVITE", call["own_cseq"], self.sdp(call, direction))
        return call["own_cseq"]

    def on_reply(self, call, text):
        number, method = (self.field(text, "CSeq").split() + ["", ""])[:2]
        self.pending.pop((call["id"], f"{number} {method}"), None)
        if method == "INVITE" and "branch" in call and number == "1":
            self.on_first_reply(call, text)
            return
        if method == "INVITE" and text.split(" ", 2)[1] >= "200":
            self.request(call, "ACK", int(number))
            found = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)", text, re.M)
            call["agreed"][int(number)] = text.split(" ", 2)[1] + " " + (found.group(1) if found else "sendrecv")

    def over(self, call):
        call["state"], call["ended_at"] = "over", time.monotonic()

    # --- calls that it makes itself ---

    def dial(self, port, number, who="12025550142", extra=""):
        """Calls that number at the box (or at a carrier before it). call["status"] is the last status; headers those of the last reply."""
        rtp = rtp_socket()
        call = {"id": f"{random.getrandbits(60):x}@127.0.0.1", "peer": ("127.0.0.1", port), "to": f"<sip:{who}@127.0.0.1:{self.port}>",
                "from": f"<sip:{number}@127.0.0.1:{port}>", "tag": f"{random.getrandbits(40):x}", "rtp": rtp, "port": rtp.getsockname()[1],
                "media": None, "target": f"sip:{number}@127.0.0.1:{port}", "heard": [], "arrivals": [], "digits": [], "state": "dialing",
                "since": time.monotonic(), "seq": random.getrandbits(15), "ts": random.getrandbits(30), "ssrc": random.getrandbits(32),
                "position": 0, "next": 0.0, "answered_at": None, "ended_at": None, "headers": "", "muted": False, "cancelled_at": None,
                "acked": set(), "byed": set(), "own_cseq": 1, "agreed": {}, "route": "", "status": 0, "branch": f"z9hG4bK{random.getrandbits(48):x}",
                "cseq": "1 INVITE", "via": "", "again": time.monotonic() + 0.5, "extra": extra, "seen": []}
        with self.lock:
            self.calls.append(call)
        self.send_first(call, "INVITE", self.sdp(call))
        return call

    def send_first(self, call, method, body=""):
        """The INVITE, or what belongs to its transaction."""
        extra = f"Contact: <sip:phone@127.0.0.1:{self.port}>\r\n" + ("Content-Type: application/sdp\r\n" + call["extra"] if body else "")
        text = (f"{method} {call['target']} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch={call['branch']}\r\nMax-Forwards: 70\r\n"
                f"From: {call['to']};tag={call['tag']}\r\nTo: {call['from']}\r\nCall-ID: {call['id']}\r\nCSeq: 1 {method}\r\n{extra}"
                f"Content-Length: {len(body)}\r\n\r\n{body}")
        self.sip.sendto(text.encode(), call["peer"])

    def cancel(self, call):
        self.send_first(call, "CANCEL")

    def on_first_reply(self, call, text):
        call["status"], call["headers"] = int(text.split(" ", 2)[1]), text
        call["seen"].append(call["status"])
        if call["status"] < 200:
            return
        if call["state"] == "dialing":
            call["from"] = self.field(text, "To")
            if call["status"] < 300:
                m, uri = re.search(r"^m=audio (\d+)", text, re.M), re.search(r"<([^>]*)>", self.field(text, "Contact"))
                call["media"], call["target"] = ("127.0.0.1", int(m.group(1))), uri.group(1)
                call["route"] = "".join(f"Route: {r.strip()}\r\n" for r in reversed(re.findall(r"^Record-Route\s*:\s*(.*?)\r?$", text, re.I | re.M)))
                call["state"], call["answered_at"], call["next"] = "up", time.monotonic(), time.monotonic()
            else:
                self.over(call)
        if call["status"] < 300:
            self.request(call, "ACK", 1)
        else:
            self.send_first(call, "ACK")

    def hang_up(self, call):
        self.request(call, "BYE", 900)
        self.over(call)

    def press(self, call, digit):
        """One key by RFC 4733: 100 ms, three end packets."""
        event, ts = "0123456789*#".index(digit), call["ts"]
        for i in range(8):
            end, duration = i >= 5, min(i + 1, 5) * 160
            payload = struct.pack("!BBH", event, (0x80 if end else 0) | 10, duration)
            header = struct.pack("!BBHII", 0x80, 101 | (0x80 if i == 0 else 0), call["seq"] & 0xFFFF, ts & 0xFFFFFFFF, call["ssrc"])
            call["rtp"].sendto(header + payload, call["media"])
            call["seq"] += 1
            time.sleep(0.02)

    # --- time and audio ---

    def tick(self, now):
        for again in [p for p in list(self.pending.values()) if p[2] <= now]:
            self.sip.sendto(again[0].encode(), again[1])
            again[2] = now + 1
        for call in list(self.calls):
            if call["state"] == "dialing" and call["status"] == 0 and now >= call["again"]:
                call["again"] = now + 1
                self.send_first(call, "INVITE", self.sdp(call))
            if call["state"] == "ringing" and self.answer and now - call["since"] >= self.ring_s:
                self.pick_up(call, now)
            elif call["state"] == "answered" and now >= call["resend"]:
                self.send_answers(call)
                call["resend"] = now + 1
            if self.early and call["state"] == "ringing":
                self.speak(call, now)
            if call["state"] in ("answered", "up"):
                if self.talk_s and "branch" not in call and call["acked"] and now - call["answered_at"] > self.talk_s:  # no BYE before the ACK
                    self.hang_up(call)
                    continue
                self.speak(call, now)
            self.listen(call, now)

    def speak(self, call, now):
        sound = self.sound(call) if callable(self.sound) else self.sound
        while call["next"] <= now:
            call["next"] += 0.02
            if not sound or call["muted"]:
                continue
            chunk = [sound[(call["position"] + i) % len(sound)] for i in range(160)]
            call["position"] += 160
            table = ENCODE[self.codec]
            payload = bytes(table[s + 32768] for s in chunk)
            header = struct.pack("!BBHII", 0x80, self.codec, call["seq"] & 0xFFFF, call["ts"] & 0xFFFFFFFF, call["ssrc"])
            with contextlib.suppress(ConnectionError):
                call["rtp"].sendto(header + payload, call["media"])
            call["seq"] += 1
            call["ts"] += 160

    def listen(self, call, now):
        while True:
            try:
                data, source = call["rtp"].recvfrom(2048)
            except (BlockingIOError, ConnectionError):
                return
            if len(data) <= 12:
                continue
            kind = data[1] & 0x7F
            call.setdefault("heard_from", set()).add(source)
            if kind in DECODE:
                table = DECODE[kind]
                call["heard"].extend(table[b] for b in data[12:])
                call["arrivals"].append((now, struct.unpack("!H", data[2:4])[0]))
            elif kind == 101 and data[13] & 0x80:
                digit = "0123456789*#"[data[12]] if data[12] < 12 else "?"
                stamp = struct.unpack("!I", data[4:8])[0]
                if (digit, stamp) not in call["digits"]:
                    call["digits"].append((digit, stamp))

    def run(self):
        self.sip.setblocking(False)
        while self.running:
            select.select([self.sip], [], [], 0.005)
            while True:
                try:
                    data, peer = self.sip.recvfrom(65535)
                except (BlockingIOError, ConnectionError):
                    break
                self.on_sip(data, peer)
            self.tick(time.monotonic())

    def die(self):
        """As if its process had been killed: every port refuses from now on. Returns the SIP port."""
        self.stop()
        for c in self.calls:
            c["state"] = "over"
        return self.port

    def stop(self):
        self.running = False
        self.join(5)
        self.sip.close()
        for c in self.calls:
            c["rtp"].close()

    def has_heard(self, hz, least=3000, samples=800, of=None):
        """The first call that carried this tone at any time until now: whoever looks late has not missed it."""
        for call in [c for c in self.calls if of in (None, c)]:
            at = call.setdefault("looked_for", {}).get(hz, 0)
            while at + samples <= len(call["heard"]):
                if level_of(call["heard"][at:at + samples], hz) > least:
                    return call
                at += samples // 2
            call["looked_for"][hz] = at
        return None

    def hears(self, hz, least, samples=1600, of=None):
        """The first call on the line whose last samples carry this tone."""
        return next((c for c in self.up() if of in (None, c) and level_of(c["heard"][-samples:], hz) > least), None)

    def up(self):
        return [c for c in self.calls if c["state"] == "up"]
