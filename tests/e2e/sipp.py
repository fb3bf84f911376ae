"""SIPp as the carrier or as agents' phones: a scenario made from the behaviours that a story asks for."""
import contextlib
import pathlib
import subprocess
import time

from harness import OWNED, kept_port, wait_for


def udp_port_taken(port, six=False):
    with open("/proc/net/udp6" if six else "/proc/net/udp") as f:
        return any(line.split()[1].endswith(f":{port:04X}") for line in f if ":" in line)


class Sipp:
    """SIPp as the carrier or as agents' phones, by a scenario file."""

    def __init__(self, folder, name, scenario, port, extra=(), host="127.0.0.1"):
        self.folder = pathlib.Path(folder)
        path = self.folder / f"{name}.xml"
        path.write_text(scenario)
        self.stats = self.folder / f"{name}.err"
        for _ in range(5):  # its media ports, two of four, may be somebody else's
            self.process = subprocess.Popen(
                [*OWNED, "sipp", "-sf", str(path), "-i", host, "-p", str(port), "-nostdin", "-trace_err",
                 "-error_file", str(self.stats), "-l", "5000", "-mp", str(kept_port()), *extra],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, stdin=subprocess.DEVNULL)
            # A call before it listens would be refused by the host itself.
            wait_for("SIPp listens", lambda: self.process.poll() is not None or udp_port_taken(port, ":" in host), 10)
            time.sleep(0.3)
            if self.process.poll() is None:
                break
        assert self.process.poll() is None, self.stats.read_text()

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
            return
        self.process.kill()
        self.process.wait()


def carrier_scenario(kinds, talk_ms=0):
    """A SIPp carrier that does by the last two digits of the called number what `kinds` says.

    kinds: two digits -> name of a behaviour below. Numbers that are not named answer; they stay until BYE, or
    hang up after talk_ms.
    """
    behaviours = {
        "busy": final(486, "Busy Here", ringing=False),
        "unknown": final(404, "Not Found", ringing=False),
        "unavailable": final(503, "Service Unavailable", ringing=False, header="Retry-After: 5"),
        "declined": final(603, "Decline", ringing=True),
        "declined_by_network": final(603, "Network Blocked", ringing=False, header='Reason: SIP;cause=603;text="v=analytics1;url=https://example.com"'),
        "unwanted": final(607, "Unwanted", ringing=True),
        "blocked": final(608, "Rejected", ringing=False),
        "moved": final(302, "Moved Temporarily", ringing=False, header="Contact: <sip:elsewhere@127.0.0.1:9>"),
        "silence": '<label id="{n}"/><pause milliseconds="40000"/><nop next="end"/>',
        "early_busy": f'<label id="{{n}}"/>{reply(183, "Session Progress", sdp=True)}<pause milliseconds="800"/>' + final(486, "Busy Here", False).replace('<label id="{n}"/>', ""),
        "late": answer(ring_ms=25000, talk_ms=2000),
        "hang_up": answer(ring_ms=300, talk_ms=50),
        "talks": answer(ring_ms=300, talk_ms=2000),
        "never": '<label id="{n}"/>' + reply(180, "Ringing") + '<recv request="CANCEL"/>' + CANCELLED + '<nop next="end"/>',
    }
    tests, bodies = "", ""
    for i, (digits, name) in enumerate(sorted(kinds.items())):
        label = 10 + i
        tests += f'<strcmp assign_to="c{digits}" variable="kind" value="{digits}"/><test assign_to="b{digits}" variable="c{digits}" compare="equal" value="0"/>'
        bodies += behaviours[name].replace("{n}", str(label)).replace("{end}", "1")
    jumps = "".join(f'<nop next="{10 + i}" test="b{d}"/>' for i, d in enumerate(sorted(kinds)))
    names = ",".join(f"b{d},c{d}" for d in sorted(kinds)) or "all"
    body = answer(ring_ms=200, talk_ms=talk_ms).replace('<label id="{n}"/>', "")
    pick = f"""<action><ereg regexp="sip:\\+[0-9]+([0-9][0-9])@" search_in="hdr" header="To:" assign_to="all,kind"/>{tests}</action>""" if kinds else ""
    known = f"all,kind,{names}," if kinds else ""
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="carrier">
<recv request="INVITE" rrs="true">{pick}</recv>
{jumps}{body}{bodies}
<label id="1"/>
<Reference variables="{known}peer,mine"/>
</scenario>"""
    return text.replace('next="end"', 'next="1"')


def reply(code, phrase, sdp=False, header=""):
    body = """v=0
o=carrier 1 1 IN IP[media_ip_type] [media_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=ptime:20
""" if sdp else ""
    kind = "Content-Type: application/sdp\n" if sdp else ""
    return f"""<send{' retrans="500"' if code >= 200 else ''}><![CDATA[
SIP/2.0 {code} {phrase}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]S[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:callee@[local_ip]:[local_port]>
{header + chr(10) if header else ''}{kind}Content-Length: [len]

{body}]]></send>"""


CANCELLED = """<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]S[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send><send retrans="500"><![CDATA[
SIP/2.0 487 Request Terminated
[last_Via:]
[last_From:]
[last_To:];tag=[pid]S[call_number]
[last_Call-ID:]
CSeq: 1 INVITE
Content-Length: 0

]]></send><recv request="ACK"/>"""


def final(code, phrase, ringing, header=""):
    ring = reply(180, "Ringing") + '<pause milliseconds="300"/>' if ringing else ""
    return f'<label id="{{n}}"/>{reply(100, "Trying")}{ring}{reply(code, phrase, header=header)}<recv request="ACK"/><nop next="end"/>'


OK_TO_BYE = """<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>"""

def answer(ring_ms, talk_ms=0):
    """Rings, answers; with talk_ms hangs up after it, else waits for BYE."""
    end = f'<pause milliseconds="{talk_ms}"/>' + bye_from_callee() if talk_ms else f'<recv request="BYE"/>{OK_TO_BYE}'
    return f'<label id="{{n}}"/>{reply(180, "Ringing")}<pause milliseconds="{ring_ms}"/>{reply(200, "OK", sdp=True)}<recv request="ACK"><action><ereg regexp=".*" search_in="hdr" header="From:" assign_to="peer"/><ereg regexp=".*" search_in="hdr" header="To:" assign_to="mine"/></action></recv>{end}<nop next="end"/>'


def bye_from_callee():
    return """<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From:[$mine]
To:[$peer]
[last_Call-ID:]
CSeq: 9 BYE
Content-Length: 0

]]></send><recv response="200"/>"""
