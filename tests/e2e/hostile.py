"""What strangers may send: mutated SIP, noise on media ports, broken TLS and HTTP clients. Seeded: same seed, same bytes."""
import contextlib
import os
import pathlib
import random
import socket
import ssl
import struct
import time

import peers

SEED = int(os.environ.get("CADENCIA_SEED", "1"))
STRANGER = "127.0.0.66"  # on loopback the address tells a stranger from carrier and phones

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.66\r\ns=-\r\nc=IN IP4 127.0.0.66\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n"
       "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n")
METHODS = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH"]
STATUS = [100, 180, 183, 200, 202, 301, 302, 401, 404, 407, 408, 481, 486, 487, 491, 500, 503, 603, 699]
EXTRA = ["Record-Route: <sip:127.0.0.66;lr>, <sip:127.0.0.67;lr>", "Route: <sip:127.0.0.1;lr>", "Require: 100rel", "RSeq: 1", "RAck: 1 1 INVITE",
         "Authorization: Digest username=\"ana\",realm=\"cadencia\",nonce=\"abc\",uri=\"sip:x\",response=\"00000000000000000000000000000000\",algorithm=SHA-256,qop=auth,nc=00000001,cnonce=\"x\"",
         "WWW-Authenticate: Digest realm=\"a\",nonce=\"b\",algorithm=MD5,qop=\"auth,auth-int\"", "Session-Expires: 90;refresher=uac", "Min-SE: 90", "Supported: timer, 100rel, path, replaces",
         "Path: <sip:127.0.0.66;lr>", "Reason: Q.850;cause=16;text=\"x\"", "Refer-To: <sip:1@127.0.0.66?Replaces=a%3Bto-tag%3Db>", "Replaces: a;to-tag=b;from-tag=c", "Event: refer",
         "Subscription-State: active;expires=60", "Expires: 60", "Retry-After: 5 (later);duration=3600", "P-Asserted-Identity: \"x\" <sip:1@2>", "Date: Sat, 13 Nov 2010 23:29:00 GMT",
         "Accept: application/sdp;q=0.5, */*", "Warning: 399 a \"b\"", "Content-Encoding: gzip", "Content-Disposition: session;handling=required", "Identity: x", "Join: a;to-tag=b;from-tag=c"]
TOKENS = [b"\0", b"%00", b"\xff\xfe", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\t", b" " * 300, b"<" * 40, b">" * 40, b"\"", b"\\", b"\\\"", b",", b";", b";;;;", b"=", b"@", b":", b"[", b"]", b"::1",
          b"4294967295", b"4294967296", b"18446744073709551616", b"-1", b"99999999999999999999999999", b"0", b"%n%s%x", b"\xe2\x82", b"sip:", b"sips:", b"tel:+1", b"urn:x", b"z9hG4bK", b"SIP/2.0",
          b"127.0.0.1", b"[::1]", b"256.256.256.256", b"A" * 700, b"a=", b"m=audio 0 RTP/AVP", b"c=IN IP4 0.0.0.0", b"c=IN IP6 ::", b"a=rtpmap:", b"a=ptime:0", b"a=inactive", b";tag=", b";branch=", b";rport", b";lr"]


def request(rng, method, port, known):
    """A request in good order from the stranger. known: (Call-ID, our URI) pairs of calls on the box."""
    call_id = rng.choice(known) if known and rng.random() < 0.3 else f"{rng.getrandbits(64):x}@{STRANGER}"
    body = SDP if method in ("INVITE", "UPDATE", "PRACK") or rng.random() < 0.1 else ""
    to_tag = f";tag={rng.getrandbits(32):x}" if rng.random() < 0.3 else ""
    extra = "".join(e + "\r\n" for e in rng.sample(EXTRA, rng.randrange(4)))
    return (f"{method} sip:user@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {STRANGER}:5060;branch=z9hG4bK{rng.getrandbits(60):x};rport\r\nMax-Forwards: 70\r\n"
            f"From: \"A\" <sip:a@{STRANGER}>;tag={rng.getrandbits(32):x}\r\nTo: <sip:user@127.0.0.1>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: {rng.randrange(1, 1 << 31)} {method}\r\n"
            f"Contact: <sip:a@{STRANGER}:5060>\r\n{extra}{'Content-Type: application/sdp' + chr(13) + chr(10) if body else ''}Content-Length: {len(body)}\r\n\r\n{body}").encode()


def reply(rng, known):
    """A reply to a request that may be the box's own."""
    method, status = rng.choice(["INVITE", "INVITE", "BYE", "CANCEL", "REGISTER", "OPTIONS"]), rng.choice(STATUS)
    call_id = rng.choice(known) if known and rng.random() < 0.7 else f"{rng.getrandbits(64):x}"
    body = SDP if rng.random() < 0.5 else ""
    extra = "".join(e + "\r\n" for e in rng.sample(EXTRA, rng.randrange(4)))
    return (f"SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{rng.getrandbits(60):x};rport\r\nFrom: <sip:+12025550100@127.0.0.1>;tag={rng.getrandbits(32):x}\r\n"
            f"To: <sip:+12025550100@127.0.0.1>;tag={rng.getrandbits(32):x}\r\nCall-ID: {call_id}\r\nCSeq: {rng.randrange(1 << 31)} {method}\r\nContact: <sip:a@{STRANGER}>\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def cut(rng, n, most=60):
    at = rng.randrange(n)
    return at, min(n, at + rng.randrange(1, most))


def mutate(rng, data):
    """One to six changes: bits, bytes, lines lost, doubled, swapped, tokens put in, numbers changed, the end cut off."""
    data = bytearray(data)
    for _ in range(1 + int(rng.expovariate(0.7)) % 6):
        n, kind = len(data), rng.randrange(10)
        if n < 2:
            break
        if kind == 0:
            data[rng.randrange(n)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[rng.randrange(n)] = rng.randrange(256)
        elif kind == 2:
            a, b = cut(rng, n)
            del data[a:b]
        elif kind == 3:
            a, b = cut(rng, n)
            data[a:a] = data[a:b] * rng.choice((1, 1, 2, 30))
        elif kind in (4, 5):
            at = rng.randrange(n)
            data[at:at + rng.choice((0, 0, 1, 4))] = rng.choice(TOKENS)
        elif kind == 6:
            lines = bytes(data).split(b"\r\n")
            i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
            what = rng.randrange(4)
            if what == 0:
                del lines[i]
            elif what == 1:
                lines.insert(j, lines[i])
            elif what == 2:
                lines[i], lines[j] = lines[j], lines[i]
            else:
                lines[i] = lines[i].split(b":")[0] + b": " + (lines[j].split(b":", 1) + [b""])[1]
            data = bytearray(b"\r\n".join(lines))
        elif kind == 7:
            digits = [i for i in range(n) if 48 <= data[i] <= 57]
            if digits:
                at = rng.choice(digits)
                data[at:at + 1] = rng.choice((b"9", b"-", b"", b"0000", b"99999999999", b"x"))
        elif kind == 8:
            del data[rng.randrange(n):]
        else:
            a, b = cut(rng, n, 12)
            data[a:b] = rng.randbytes(b - a)
    return bytes(data[:65000])


class Messages:
    """An endless source of mutated messages."""

    def __init__(self, port, seed=SEED):
        self.rng, self.port, self.last = random.Random(seed), port, b""

    def next(self, known):
        rng = self.rng
        good = reply(rng, known) if rng.random() < 0.25 else request(rng, rng.choice(METHODS), self.port, known)
        if rng.random() < 0.05 and self.last:  # two halves of two messages
            good = good[:rng.randrange(len(good))] + self.last[rng.randrange(len(self.last)):]
        self.last = good
        return mutate(rng, good)


class Stranger:
    """A socket of the stranger's and what came back to it."""

    def __init__(self, sip_port):
        self.sip_port, self.replies, self.bad = sip_port, 0, []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind((STRANGER, 0))
        self.sock.setblocking(False)

    def send(self, data):
        with contextlib.suppress(ConnectionError):
            self.sock.sendto(data, ("127.0.0.1", self.sip_port))

    def drain(self):
        """Reads what came; keeps what must not come: an INVITE, or its acceptance."""
        seen = b""
        while True:
            try:
                data = self.sock.recv(65535)
            except (BlockingIOError, ConnectionError):
                return seen
            self.replies += 1
            head = data.split(b"\r\n\r\n", 1)[0]
            accepted = data.startswith(b"SIP/2.0 2") and b" INVITE" in next((x for x in head.split(b"\r\n") if x.lower().startswith(b"cseq")), b"")
            if (accepted or data.startswith(b"INVITE")) and len(self.bad) < 5:
                self.bad.append(data)
            seen += data if b"alive-" in data else b""

    def alive(self, seconds=10.0):
        """All that was sent before has been read: an OPTIONS after it is answered. Returns False when it never is."""
        mark = f"alive-{time.monotonic_ns()}"
        ask = (f"OPTIONS sip:x@127.0.0.1:{self.sip_port} SIP/2.0\r\nVia: SIP/2.0/UDP {STRANGER}:{self.sock.getsockname()[1]};branch=z9hG4bK{mark}\r\nFrom: <sip:a@{STRANGER}>;tag=1\r\n"
               f"To: <sip:x@127.0.0.1>\r\nCall-ID: {mark}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n").encode()
        end, again = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            if time.monotonic() >= again:
                self.send(ask)
                again = time.monotonic() + 0.5
            if mark.encode() in self.drain():
                return True
            time.sleep(0.0005)
        return False

    def close(self):
        self.sock.close()


# --- media ports ---

def open_ports(pid):
    """Every UDP port that this process has bound, by what the kernel says."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            link = os.readlink(fd)
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
    found = set()
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        with contextlib.suppress(OSError), open(table) as f:
            for line in list(f)[1:]:
                part = line.split()
                if part[9] in inodes:
                    found.add(int(part[1].split(":")[1], 16))
    return sorted(found)


LOUD = bytes(peers.ENCODE[0][x + 32768] for x in peers.tone(2000, 20000, 160))


def noise(rng, n):
    """One datagram for a media port: loud audio, keys, RTCP that ends or lies, STUN, DTLS, scraps."""
    kind = n % 12
    if kind < 5:
        return struct.pack("!BBHII", 0x80, rng.choice((0, 8, 0, 13)), n & 0xFFFF, n * 160 & 0xFFFFFFFF, 0xBAD) + LOUD
    if kind == 5:  # the key that would hang up, and the one that opts out
        return struct.pack("!BBHIIBBH", 0x80, 0x80 | 101, n & 0xFFFF, 1000 + n, 0xBAD, rng.choice((10, 9)), 0x8A, 800)
    if kind == 6:  # RTCP: sender report and BYE for any source
        return struct.pack("!BBHIIIIII", 0x80, 200, 6, rng.getrandbits(32), 0, 0, 0, 1, 160) + struct.pack("!BBHI", 0x81, 203, 1, rng.getrandbits(32))
    if kind == 7:  # STUN: binding request with attributes whose lengths lie
        return struct.pack("!HHI", 1, rng.choice((0, 8, 4000, 65535)), 0x2112A442) + rng.randbytes(12) + struct.pack("!HH", 6, rng.choice((4, 65535))) + b"user"
    if kind == 8:  # a DTLS record, version 1.2
        return b"\x16\xfe\xfd" + bytes(8) + struct.pack("!H", 60) + rng.randbytes(60)
    if kind == 9:  # RTP whose header promises more than there is
        return struct.pack("!BBHII", rng.choice((0x8F, 0x90, 0xA0, 0xBF)), 0, n & 0xFFFF, n * 160, 0xBAD) + rng.randbytes(rng.randrange(20))
    if kind == 10:
        return rng.randbytes(rng.randrange(1, 1400))
    return struct.pack("!BBH", 0x81, rng.choice((201, 202, 204, 205, 206)), rng.choice((0, 1, 7, 65535))) + rng.randbytes(rng.randrange(40))


# --- memory ---

def rss_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


# --- connections ---

def connect(port, host=STRANGER, seconds=10):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.bind((host, 0))
    s.settimeout(seconds)
    s.connect(("127.0.0.1", port))
    return s


def secure(port, cafile, host=STRANGER, seconds=10):
    """A TLS connection as a phone opens it; the certificate is checked, its name is not ours to know."""
    context = ssl.create_default_context(cafile=str(cafile))
    context.check_hostname = False
    return context.wrap_socket(connect(port, host, seconds))


def options_over(s, transport):
    """Does the worker answer over this connection?"""
    host, port = s.getsockname()
    mark = f"{time.monotonic_ns()}"
    s.sendall((f"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} {host}:{port};branch=z9hG4bK{mark}\r\nFrom: <sip:a@{host}>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\n"
               f"Call-ID: {mark}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n").encode())
    with contextlib.suppress(OSError):
        return s.recv(4000).startswith(b"SIP/2.0 200")
    return False


def half_hello():
    """The beginning of a TLS ClientHello whose rest never comes."""
    return b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(32)) + b"\x20" + bytes(16)


def broken_hellos(rng):
    hello = half_hello() + bytes(700)
    yield b"\x16\x03\x01\xff\xff" + rng.randbytes(3000)
    yield b"\x15\x03\x01\x00\x02\x02\x28"  # an alert before anything
    yield b"\x80\x2e\x01\x00\x02" + rng.randbytes(60)  # the oldest form
    yield b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    yield b"OPTIONS sip:x SIP/2.0\r\n\r\n"
    yield b"\0" * 5000
    yield b""
    for _ in range(12):
        yield mutate(rng, hello)
    for _ in range(6):
        yield rng.randbytes(rng.randrange(1, 3000))


def checksum(data):
    """That of RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def unreachable(sip_port, peer_port, quoted=b""):
    """Port unreachable (RFC 792), as if a datagram from the box's SIP port to this port had not been taken. PermissionError where nobody may send such."""
    udp = struct.pack("!HHHH", sip_port, peer_port, 8 + len(quoted), 0) + quoted
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton("127.0.0.1"), socket.inet_aton("127.0.0.1"))
    icmp = struct.pack("!BBHI", 3, 3, 0, 0) + ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + udp
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.bind((STRANGER, 0))
        s.sendto(icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:], ("127.0.0.1", 0))
