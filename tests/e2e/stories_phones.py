"""Stories of phones that register: baresip over UDP and TLS, passwords, guessers, phones that vanish."""
import contextlib
import hashlib
import os
import re
import signal
import socket
import subprocess
import time

from baresip import Baresip
from harness import BINARY, LAUNCH, stage, wait_for
from peers import Phone, tone
from scene import PHONES
from stories_trunks import secure_listener, tls_files


def phone_agent(box, name, password, campaign="test"):
    """An agent whose phone registers under the agent's name."""
    r = subprocess.run([*LAUNCH, BINARY, "agent", "add", name, "--phone", name, "--password", "-", "--nailed", "--campaign", campaign, "-c", str(box.config)],
                       input=password + "\n", capture_output=True, text=True, timeout=30)
    assert r.returncode == 0, r.stdout + r.stderr
    box.cli("agent", "login", name)
    box.cli("agent", "ready", name)


def seat(box, name="ana"):
    return next(a["seat_up"] for a in box.status()["agents"] if a["name"] == name)


def customer_hears_the_phone(box, customer):
    box.contacts(PHONES[:1])
    box.cli("campaign", "start", "test")
    return wait_for("the customer hears the agent", lambda: customer.hears(1000, 1000), 20)


def an_agents_baresip_registers_is_rung_and_talks():
    """The seat is down until the phone registers with its password; then it is rung, answers by itself, and its agent talks. After kill -9 of the
    worker and of the whole box the phone is rung again without a new registration, and its talk goes on over the worker's death."""
    with stage() as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, sound=tone(400, 4000))
        actors.append(customer)
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        phone_agent(box, "ana", "s3cret-word")
        time.sleep(1)
        assert not seat(box), "nobody registered"
        actors.append(Baresip(folder, "ana", "s3cret-word", box.sip_port))
        wait_for("the seat is up", lambda: seat(box), 15)
        call = customer_hears_the_phone(box, customer)
        ups = box.log.read_text().count("SIP worker main is up")
        os.kill(box.child("sip-worker"), signal.SIGKILL)
        wait_for("a new worker", lambda: box.log.read_text().count("SIP worker main is up") > ups, 10, 0.02)
        del call["heard"][:]
        wait_for("the talk goes on", lambda: customer.hears(1000, 1000, of=call), 5)
        wait_for("both dialogs are taken up", lambda: "takes 2 dialogs up" in box.log.read_text(), 10)
        customer.hang_up(call)
        wait_for("the row", box.closed_rows, 8)
        box.kill_group()
        box.start()
        wait_for("the seat is up again", lambda: seat(box), 15)


def an_agents_baresip_registers_over_tls():
    """The same over TLS: the box calls the phone through the connection that the phone opened."""
    with stage() as (box, trunk_port, actors, folder):
        tls = folder / "tls"
        tls_files(tls, "DNS:unused")
        secure_listener(box, tls)
        box.config.write_text(box.config.read_text().replace("transport=udp\"; caller_id", "transport=tls\"; options_s = 0; caller_id"))
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        phone_agent(box, "ana", "s3cret-word")
        actors.append(Baresip(folder, "ana", "s3cret-word", box.sip_port, transport="tls", cafile=tls / "ca.crt"))
        wait_for("the seat is up", lambda: seat(box), 15)


def a_guesser_is_locked_out_and_a_stranger_dials_nothing():
    """Ten wrong passwords lock a source out. INVITEs of strangers and of phones ring nobody."""
    with stage() as (box, trunk_port, actors, folder):
        carrier = Phone(trunk_port, sound=None)
        actors.append(carrier)
        box.config.write_text(box.config.read_text() + 'phone_digest = "both";\n')
        box.start()
        box.campaign(mode="progressive")
        phone_agent(box, "ana", "s3cret-word")

        def ask(sock, method, more="", cseq=1):
            host, port = sock.getsockname()
            text = (f"{method} sip:{'ana@' if method == 'INVITE' else ''}127.0.0.1:{box.sip_port} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{time.monotonic_ns()}\r\n"
                    f"From: <sip:ana@127.0.0.1>;tag=1\r\nTo: <sip:ana@127.0.0.1>\r\nCall-ID: {time.monotonic_ns()}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 9\r\n"
                    f"Contact: <sip:ana@{host}:{port}>\r\n{more}Content-Length: 0\r\n\r\n")
            sock.settimeout(2)
            call_id = re.search(r"Call-ID: (\d+)", text).group(1)
            for _ in range(4):  # the same again if it was lost: RFC 3261 §17.1.2
                sock.sendto(text.encode(), ("127.0.0.1", box.sip_port))
                with contextlib.suppress(TimeoutError):
                    while True:
                        reply = sock.recv(8000).decode()
                        if not reply.startswith("SIP/2.0 1") and call_id in reply:
                            return reply
            return ""

        guesser = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        guesser.bind(("127.0.0.77", 0))
        for _ in range(10):
            first = ask(guesser, "REGISTER")
            assert first.startswith("SIP/2.0 401"), first
            assert "SHA-256" in first and "MD5" in first
            nonce = re.search(r'nonce="([^"]+)"', first).group(1)
            refused = ask(guesser, "REGISTER", f'Authorization: Digest username="ana", realm="cadencia", nonce="{nonce}", uri="sip:127.0.0.1", algorithm=SHA-256, response="{"0" * 64}"\r\n')
            assert refused.startswith("SIP/2.0 403"), refused
        assert ask(guesser, "REGISTER").startswith("SIP/2.0 403"), "it is locked out"
        assert ask(guesser, "INVITE").startswith("SIP/2.0 403")
        assert not carrier.calls and "guesses passwords" in box.log.read_text()
        guesser.close()


class Proxy:
    """A socket that registers a phone behind it and shows what the box sends to it."""

    def __init__(self, sip_port, user, password):
        self.sip_port, self.user, self.password, self.sequence = sip_port, user, password, 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.88", 0))
        self.sock.settimeout(0.5)
        self.port, self.seen = self.sock.getsockname()[1], []

    def stop(self):
        self.sock.close()

    def read(self):
        """The next message; requests of the box are kept, and OPTIONS answered."""
        with contextlib.suppress(TimeoutError):
            data, peer = self.sock.recvfrom(8000)
            text = data.decode()
            if text.startswith("OPTIONS"):
                lines = [x for x in text.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq):", x, re.I)]
                self.sock.sendto(("SIP/2.0 200 OK\r\n" + "\r\n".join(lines) + "\r\nContent-Length: 0\r\n\r\n").encode(), peer)
            if not text.startswith("SIP/2.0"):
                self.seen.append(text)
                return ""
            return text
        return ""

    def send(self, headers, authorization=""):
        self.sequence += 1
        text = (f"REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.88:{self.port};branch=z9hG4bKp{self.sequence}\r\nMax-Forwards: 9\r\n"
                f"From: <sip:{self.user}@127.0.0.1>;tag=1\r\nTo: <sip:{self.user}@127.0.0.1>\r\nCall-ID: behind-{self.port}\r\nCSeq: {self.sequence} REGISTER\r\n"
                f"{headers}{authorization}Content-Length: 0\r\n\r\n")
        for _ in range(20):  # the same again if it was lost: RFC 3261 §17.1.2
            self.sock.sendto(text.encode(), ("127.0.0.1", self.sip_port))
            for _ in range(5):
                reply = self.read()
                if reply and f"CSeq: {self.sequence} " in reply:
                    return reply
        raise AssertionError("no answer to: " + text)

    def register(self, headers, algorithm="SHA-256"):
        first = self.send(headers)
        found = re.search(r'WWW-Authenticate: Digest (.*algorithm="?' + algorithm + r'"?\b.*)', first)
        assert first.startswith("SIP/2.0 401") and found, first
        realm, nonce = (re.search(rf'{k}="([^"]*)"', found[1])[1] for k in ("realm", "nonce"))
        digest = lambda s: (hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5)(s.encode()).hexdigest()  # noqa: E731
        response = digest(f'{digest(f"{self.user}:{realm}:{self.password}")}:{nonce}:00000001:c:auth:{digest("REGISTER:sip:127.0.0.1")}')
        return self.send(headers, f'Authorization: Digest username="{self.user}", realm="{realm}", nonce="{nonce}", uri="sip:127.0.0.1", algorithm={algorithm}, '
                                  f'qop=auth, nc=00000001, cnonce="c", response="{response}"\r\n')


def a_phone_behind_a_proxy_is_called_the_way_it_came():
    """A phone registers through a proxy that puts itself on the way (Path): it is asked whether it answers, and rung, through that proxy with its own
    contact as the target. Too short a time is refused with the least, too long a one cut, the fifth contact refused, and a phone that
    takes its contacts away is called no more. Both digests are taken."""
    with stage() as (box, trunk_port, actors, folder):
        box.config.write_text(box.config.read_text() + 'phone_digest = "both";\n')
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        phone_agent(box, "ana", "s3cret-word")
        proxy = Proxy(box.sip_port, "ana", "s3cret-word")
        actors.append(proxy)
        target, path = "sip:ana@192.0.2.77:5062", f"<sip:127.0.0.88:{proxy.port};lr>"
        short = proxy.register(f"Contact: <{target}>;expires=30\r\nPath: {path}\r\n")
        assert short.startswith("SIP/2.0 423") and "Min-Expires: 60" in short, short
        good = proxy.register(f"Contact: <{target}>;expires=90000\r\nPath: {path}\r\n", "MD5")
        assert good.startswith("SIP/2.0 200") and f"Path: {path}" in good and "expires=3600" in good, good

        def asked(method):
            proxy.read()
            return next((m for m in proxy.seen if m.startswith(f"{method} {target} ") and f"Route: {path}" in m), None)

        wait_for("is it there?", lambda: asked("OPTIONS"), 10, 0)
        wait_for("it rings", lambda: asked("INVITE"), 15, 0)
        assert not any(m.startswith(("INVITE", "OPTIONS")) and f"Route: {path}" not in m for m in proxy.seen), proxy.seen
        for n in range(3):
            reply = proxy.register(f"Contact: <sip:ana@192.0.2.{n + 1}>\r\nPath: {path}\r\n")
            assert reply.startswith("SIP/2.0 200") and reply.count("sip:ana@192.0.2.") == n + 2, reply
        assert proxy.register(f"Contact: <sip:ana@192.0.2.99>\r\nPath: {path}\r\n").startswith("SIP/2.0 403"), "four contacts are enough"
        assert proxy.register("Contact: *\r\nExpires: 300\r\n").startswith("SIP/2.0 400")
        gone = proxy.register("Contact: *\r\nExpires: 0\r\n")
        assert gone.startswith("SIP/2.0 200") and "Contact:" not in gone, gone
        assert proxy.register("Contact: <sip:ana@192.0.2.1>;expires=0\r\n").startswith("SIP/2.0 200")
        assert box.child("sip-worker") and not seat(box)


STORIES = [a_phone_behind_a_proxy_is_called_the_way_it_came, an_agents_baresip_registers_is_rung_and_talks, an_agents_baresip_registers_over_tls, a_guesser_is_locked_out_and_a_stranger_dials_nothing]
