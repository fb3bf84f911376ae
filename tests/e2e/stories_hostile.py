"""Stories of strangers: everything that the network can throw at a box in mid-talk, in any number.

CADENCIA_HOSTILE is the number of mutated SIP messages (default 4,000), CADENCIA_SEED what they are made from.
"""
import contextlib
import os
import pathlib
import random
import resource
import socket
import tempfile
import time

import peers
from harness import PATIENCE, SANITIZED, kept_port, stage, wait_for
from hostile import SDP, SEED, Messages, Stranger, broken_hellos, connect, descriptors, half_hello, noise, open_ports, options_over, rss_kb, secure, unreachable
from peers import Phone, tone
from scene import PHONES, called, one_talk
from stories_talks import browse_badly
from stories_trunks import tls_files
from torture import torture

MESSAGES = int(os.environ.get("CADENCIA_HOSTILE", "4000"))
BATCH, LONG_RUN = 100, 100000


def still_well(box, customer, agent, call, seat, children):
    """The talk that was there before goes on, no child has died, and nothing else is on the line."""
    del call["heard"][:], seat["heard"][:]
    wait_for("they hear each other still", lambda: customer.hears(1000, 3000, of=call) and agent.hears(400, 3000, of=seat), 8)
    assert box.children() == children, (children, box.children(), box.log.read_text()[-3000:])
    assert box.status()["calls"] == 1


def the_next_call_is_as_good_as_the_first(box, customer, call):
    box.contacts([PHONES[1]])
    customer.hang_up(call)
    second = wait_for("the next call", lambda: next((c for c in customer.up() if called(c) == PHONES[1]), None), 20)
    wait_for("it is heard", lambda: customer.hears(1000, 3000, of=second), 8)
    customer.hang_up(second)
    rows = wait_for("both rows", lambda: len(box.closed_rows()) == 2 and box.rows(), 8)
    assert all(r["outcome"] == "connected" and r["ended_by"] == "callee" for r in rows), rows
    wait_for("nothing is left", lambda: box.status()["calls"] == 0, 5)


def what_is_hard_to_read_is_read_or_refused():
    """The torture messages of RFC 4475, each followed by a question that must be answered: no child dies, no INVITE of a stranger is accepted,
    the talk goes on."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        children, stranger, count = box.children(), Stranger(box.sip_port), 0
        lines = box.log.read_text().count("\n")
        for name, data in torture(box.sip_port):
            stranger.send(b"\0\1\0\x08\x21\x12\xa4\x42" + bytes(20))  # STUN before each: nobody here speaks it
            stranger.send(data)
            assert stranger.alive(), f"the worker does not answer after {name}"
            assert box.children() == children, f"{name} ended a child"
            count += 1
        assert count >= 49 and not stranger.bad, stranger.bad
        assert box.log.read_text().count("\n") == lines, "strangers write in our log: " + box.log.read_text()
        still_well(box, customer, agent, call, seat, children)
        the_next_call_is_as_good_as_the_first(box, customer, call)
        stranger.close()


def the_children_may_do_little():
    """SIP worker and console run with a list of system calls, without new privileges, and with descriptors of their own only: none of the records, none of
    the media."""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        one_talk(box, trunk_port, actors)
        for pid, verb in box.children().items():
            with open(f"/proc/{pid}/status") as f:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
            assert status["NoNewPrivs"] == "1", (verb, status["NoNewPrivs"])
            assert SANITIZED or status["Seccomp"] == "2", (verb, status["Seccomp"])
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            assert len(links) < 16 and not any(str(box.state) in x for x in links), (verb, links)
            if verb == "console-worker":
                assert not open_ports(pid), "the console has no UDP port"


def who_knows_a_call_id_alone_ends_nothing():
    """A stranger knows the Call-IDs of a talk, but not its tags: BYE, CANCEL, UPDATE and re-INVITE with none, with empty and with wrong ones in every
    mixture are refused, and the talk goes on. (An empty tag must not match every tag.)"""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        children, stranger, n = box.children(), Stranger(box.sip_port), 0
        for call_id in (call["id"], seat["id"]):
            for method in ("UPDATE", "INVITE", "CANCEL", "BYE"):
                for mine in ("", ";tag", ";tag=", ";tag=x", ";tag;tag=x", ";tag=\"\""):
                    for yours in ("", ";tag", ";tag=", ";tag=x", ";tag;tag=x"):
                        n += 1
                        stranger.send((f"{method} sip:a@127.0.0.1:{box.sip_port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66:5060;branch=z9hG4bKtag{n};rport\r\nMax-Forwards: 70\r\n"
                                       f"From: <sip:b@127.0.0.66>{mine}\r\nTo: <sip:a@127.0.0.1>{yours}\r\nCall-ID: {call_id}\r\nCSeq: {1 << 30} {method}\r\n"
                                       f"Contact: <sip:b@127.0.0.66>\r\nContent-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}").encode())
                        if n % 20 == 0:
                            assert stranger.alive()
        assert stranger.alive() and not stranger.bad, stranger.bad
        time.sleep(1)
        assert len(agent.calls) == len(customer.calls) == 1, "somebody was rung again"
        still_well(box, customer, agent, call, seat, children)
        the_next_call_is_as_good_as_the_first(box, customer, call)
        stranger.close()


def mutated_messages_end_nothing_and_leave_nothing():
    """Thousands of mutated SIP messages, many of them with the Call-IDs of the calls on the line, during a talk: every one is read (a question after
    each hundred is answered), no child dies, no call begins, the talk goes on, and memory is what it was."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        children, stranger = box.children(), Stranger(box.sip_port)
        worker, known, messages = box.child("sip-worker"), [call["id"], seat["id"]], Messages(box.sip_port)
        batch = []
        began, marks, at_first = time.monotonic(), [], (rss_kb(worker), rss_kb(box.process.pid))
        for n in range(1, MESSAGES + 1):
            batch.append(messages.next(known))
            stranger.send(batch[-1])
            if n % BATCH == 0:
                assert stranger.alive(), f"seed {SEED}: the worker does not answer after message {n}"
            if n % BATCH == 0 and (box.child("sip-worker") != worker or not call["state"] == seat["state"] == "up" or len(agent.calls) + len(customer.calls) != 2):
                pathlib.Path(tempfile.gettempdir(), "cadencia-harm.txt").write_text("\n".join(repr(m) for m in batch))
                raise AssertionError(f"seed {SEED}: harm was done by one of the messages {n - BATCH + 1} to {n}; they are in cadencia-harm.txt")
            if n % BATCH == 0:
                batch.clear()
            if n % max(BATCH, MESSAGES // 10) == 0:
                marks.append((rss_kb(worker), rss_kb(box.process.pid)))
        took = time.monotonic() - began
        assert not stranger.bad, stranger.bad
        still_well(box, customer, agent, call, seat, children)
        print(f"        {MESSAGES} messages in {took:.0f} s, {stranger.replies} replies; kB of worker and floor on the way: {marks}", flush=True)
        # What a transaction needs is kept for 32 s; after that nothing may have grown by the number of messages.
        # (A sanitizer keeps freed memory for itself.)
        assert SANITIZED or marks[-1][0] < marks[0][0] + 96 * 1024 and marks[-1][1] < marks[0][1] + 8 * 1024, marks
        the_next_call_is_as_good_as_the_first(box, customer, call)
        if MESSAGES >= LONG_RUN:
            wait_for("memory is given back", lambda: rss_kb(worker) < at_first[0] + 8 * 1024 and rss_kb(box.process.pid) < at_first[1] + 8 * 1024, 25, 1)
            print(f"        in the end: {rss_kb(worker)} {rss_kb(box.process.pid)} kB, at first {at_first}", flush=True)
        stranger.close()


def noise_on_media_ports_is_never_heard():
    """RTP, keys, RTCP, STUN, DTLS and scraps from three strangers to every port that the floor has open, RTCP ports included, before and during a
    talk: neither end hears it, no key of theirs works, the talk goes on, and the floor does not grow."""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        box.start()
        strangers = []
        for host in ("127.0.0.66", "127.0.0.67", "127.0.0.1"):
            strangers.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            strangers[-1].bind((host, 0))
        rng, sent = random.Random(SEED), 0

        def rounds(count):
            nonlocal sent
            for _ in range(count):
                for port in open_ports(box.process.pid):
                    for s in strangers:
                        s.sendto(noise(rng, sent), ("127.0.0.1", port))
                        sent += 1
                time.sleep(0.005)

        rounds(20)
        customer, call, agent, seat = one_talk(box, trunk_port, actors, start=False)
        ports, before = open_ports(box.process.pid), rss_kb(box.process.pid)
        assert len(ports) >= 4, ports
        time.sleep(6)  # RTCP ports open with the first report
        assert any(p % 2 for p in open_ports(box.process.pid)), "no RTCP port is open"
        heard_before = len(call["heard"])
        rounds(300)
        assert len(call["heard"]) > heard_before and call["state"] == seat["state"] == "up"
        assert rss_kb(box.process.pid) < before + 8 * 1024
        assert not call["digits"] and not seat["digits"], "a stranger's key arrived"
        for who, heard in (("agent", list(seat["heard"])), ("customer", list(call["heard"]))):
            for at in range(0, len(heard) - 800, 800):
                level = peers.level_of(heard[at:at + 800], 2000)
                assert level < 300, f"the {who} heard a stranger at sample {at} ({level:.0f}) after {sent} datagrams"
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert (row["outcome"], row["ended_by"]) == ("connected", "callee"), row
        print(f"        {sent} datagrams", flush=True)


def second_listener(box, transport, more=""):
    """A listener beside the first; returns its port."""
    port = kept_port(socket.SOCK_STREAM)
    text = box.config.read_text()
    box.config.write_text(text.replace(" );\ntrunks", f',\n  {{ name = "{transport}"; bind = "127.0.0.1:{port}"; transport = "{transport}"; {more} media_ports = [{box.media_low + 80}, {box.media_low + 159}]; }} );\ntrunks', 1))
    return port


def slow_and_broken_tls_clients_keep_nobody_out():
    """On a TLS port: hellos that are no hellos, half of a hello and then nothing, requests that never end, more connections than the worker has
    descriptors. Meanwhile and afterwards a good client from elsewhere is served, no child dies, the talk on the other port goes on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with stage(calls=20) as (box, trunk_port, actors, folder):
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))  # what a box usually gets
        tls, rng, held = folder / "tls", random.Random(SEED), []
        tls_files(tls, "DNS:unused")
        port = second_listener(box, "tls", f'tls_dir = "{tls}";')
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(8192, hard)), hard))
        children = box.children()

        def served():
            with contextlib.suppress(OSError):
                good = secure(port, tls / "cafile.pem", "127.0.0.70", 4)
                with contextlib.closing(good):
                    return options_over(good, "TLS")
            return False

        wait_for("a good client is served", served, 5)
        for data in broken_hellos(rng):
            s = connect(port)
            with contextlib.suppress(OSError):
                s.sendall(data)
            held.append(s)
        assert served(), "after broken hellos"
        for _ in range(40):
            held.append(connect(port))
            held[-1].sendall(half_hello())
        for _ in range(20):  # within TLS: a request that never ends
            with contextlib.suppress(OSError):
                held.append(secure(port, tls / "cafile.pem"))
                held[-1].sendall(b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TLS x;branch=z9hG4bKx\r\nSubject: " + b"a" * 300)
        assert served(), "beside half hellos and endless requests"
        with contextlib.suppress(OSError):
            for _ in range(1500):
                held.append(connect(port, seconds=2))
        wait_for("a good client is served beside all these", served, 5)
        assert max(descriptors(p) for p in box.children()) < 400, "one source holds more connections than its share"
        still_well(box, customer, agent, call, seat, children)
        for s in held:
            s.close()
        wait_for("a good client is served afterwards", served, 5)
        the_next_call_is_as_good_as_the_first(box, customer, call)


def tls_connections_leave_nothing_behind():
    """Strangers open hundreds of TLS connections and close them again: in the midst of the hello, after it, in the midst of a request. The worker's
    memory is what it was, and it is the same worker. (This version of the library forgets each of them: 25 to 46 kB.)"""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        tls = folder / "tls"
        tls_files(tls, "DNS:unused")
        port = second_listener(box, "tls", f'tls_dir = "{tls}";')
        box.start()
        children, marks = box.children(), []

        def one(n):
            with contextlib.suppress(OSError), contextlib.closing(connect(port) if n % 3 == 0 else secure(port, tls / "cafile.pem", "127.0.0.70", 4)) as s:
                if n % 3 == 0:
                    s.sendall(half_hello())
                elif n % 3 == 1:
                    s.sendall(b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TLS x;branch=z9hG4bKx\r\nSubject: " + b"a" * 300)

        for n in range(150 * 3 + 1):
            if n % 150 == 0:
                wait_for("all are closed", lambda: max(descriptors(p) for p in children) < 40, 10)
                marks.append({p: rss_kb(p) for p in children})
            one(n)
        assert box.children() == children, box.log.read_text()[-2000:]
        grown = max(marks[-1][p] - marks[1][p] for p in children)
        assert SANITIZED or grown < 2 * 1024, f"300 connections cost {grown} kB: {marks}"


def slow_and_broken_browsers_keep_nobody_out():
    """On the console's port: headers without end, bodies that drip, chunks that lie, more connections than it takes, each sending a byte now and then
    so that none is idle: the page is there again within half a minute, and the talk never noticed."""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        children, held = box.children(), browse_badly(box.http_port)
        memory = rss_kb(box.child("console-worker"))
        for text in (b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx", b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
                     b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0;" + b"a" * 30000,
                     b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"a=b;" * 7000 + b"\r\n\r\n"):
            held.append(connect(box.http_port))
            with contextlib.suppress(OSError):
                held[-1].sendall(text)
        slow = []
        for n in range(140):
            with contextlib.suppress(OSError):
                s = connect(box.http_port, seconds=1)
                s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " if n % 2 else b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{")
                slow.append(s)

        def page_is_back():
            for s in slow:
                with contextlib.suppress(OSError):
                    s.send(b"a")
            with contextlib.suppress(OSError):
                good = connect(box.http_port, "127.0.0.1", 1)
                with contextlib.closing(good):
                    good.sendall(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    return b"<html" in good.recv(65536)
            return False

        began = time.monotonic()
        wait_for("the page beside them", page_is_back, 60 / PATIENCE, 1)
        print(f"        the page is back after {time.monotonic() - began:.0f} s", flush=True)
        still_well(box, customer, agent, call, seat, children)
        assert rss_kb(box.child("console-worker")) < memory + 24 * 1024
        for s in held + slow:
            s.close()
        the_next_call_is_as_good_as_the_first(box, customer, call)


def errors_that_strangers_invent_end_nothing():
    """Anybody can send an ICMP error about a datagram that he never saw: ours to the carrier, from address and port that are no secret. A call that
    rings goes on, since such errors do not quote what we sent. A true one is believed at once: nobody is where the carrier was."""
    with stage(calls=20) as (box, trunk_port, actors, folder):
        customer, agent = Phone(trunk_port, sound=tone(400, 4000), answer=False), Phone(sound=tone(1000, 4000))
        actors += [customer, agent]
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.seats_up()
        box.contacts([PHONES[0]])
        box.cli("campaign", "start", "test")
        call = wait_for("it rings", lambda: next((c for c in customer.calls if c["state"] == "ringing"), None), 20)
        children, stranger = box.children(), Stranger(box.sip_port)
        invite = (f"INVITE sip:+{PHONES[0]}@127.0.0.1:{trunk_port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{box.sip_port};rport;branch=z9hG4bK%s\r\n"
                  f"Max-Forwards: 70\r\nCall-ID: {call['id']}\r\n").encode()
        try:
            for i in range(400):
                unreachable(box.sip_port, (trunk_port, agent.port)[i % 2], (b"", invite % b"guess%d" % i, (invite % b"")[:-4], invite[:40])[i // 2 % 4])
        except PermissionError:
            print("        nobody may send such errors here: skipped")
            return
        assert stranger.alive(), "what came before was read"
        assert not call["cancelled_at"] and not box.closed_rows() and len(agent.up()) == 1, box.rows()
        customer.answer = True
        wait_for("the customer hears the agent", lambda: customer.hears(1000, 3000, of=call), 10)
        customer.hang_up(call)
        wait_for("the row", lambda: len(box.closed_rows()) == 1, 8)
        customer.stop()  # nobody is at the carrier's port any more, and the system says so
        actors.remove(customer)
        box.contacts([PHONES[1]])
        row = wait_for("long before any timer", lambda: (r := box.closed_rows())[1:] and r[-1], 6)
        assert (row["outcome"], row["sip_code"]) == ("congestion", "503"), row
        assert box.children() == children
        stranger.close()


STORIES = [errors_that_strangers_invent_end_nothing, the_children_may_do_little, who_knows_a_call_id_alone_ends_nothing, slow_and_broken_tls_clients_keep_nobody_out, tls_connections_leave_nothing_behind, slow_and_broken_browsers_keep_nobody_out, what_is_hard_to_read_is_read_or_refused, mutated_messages_end_nothing_and_leave_nothing, noise_on_media_ports_is_never_heard]
