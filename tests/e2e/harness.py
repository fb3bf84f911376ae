"""Parts of the end-to-end stories: a box (the real daemon), a carrier (SIPp), phones (plain Python or baresip).

Every story gets its own folder and its own free ports, so that stories may run side by side. Nothing
leaves the loopback interface. The stories themselves are in stories_*.py.
"""
import contextlib
import csv
import io
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BINARY = os.environ.get("CADENCIA", "build/release/cadencia")


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_range(size):
    """The first port of a range that nobody holds at its ends (RTP); random, so that stories do not meet."""
    for _ in range(200):
        low = random.randrange(12000, 30000 - size, 2)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(low, low + size, max(2, size // 16)):
                    s = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    s.bind(("127.0.0.1", port))
                return low
            except OSError:
                continue
    raise RuntimeError("no free port range")


def wait_for(what, predicate, seconds=20, every=0.1):
    """Polls until predicate() is true and returns its value; fails loudly with `what` otherwise."""
    end = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(every)


CAMPAIGN = """
mode = "{mode}";
ratio = {ratio};
trunk = "carrier";
caller_id = "+12025550100";
ring_ms = {ring_ms};
max_wait_ms = 2000;
screening = {screening};
abandonment_limit_bp = 300;
wrapup_s = {wrapup_s};
country = "US";
purpose = "survey";
seller = "Acme Surveys";
prompts = {{ safe_harbour = "safe_harbour_en.wav"; optout_digit = "9"; }};
{extra}
"""


class Box:
    """One running Cadencia with its own state, ports and database."""

    def __init__(self, folder, trunk_port, calls=300, channels=300, calls_per_s=50, drain_s=2, extra=""):
        self.folder = pathlib.Path(folder)
        self.sip_port, self.http_port = free_port(), free_port(socket.SOCK_STREAM)
        self.media_low = free_range(4 * calls)
        self.state = self.folder / "state"
        self.config = self.folder / "cadencia.conf"
        self.log = self.folder / "daemon.log"
        self.config.write_text(f"""
state_dir = "{self.state}";
listeners = ( {{ name = "main"; bind = "127.0.0.1:{self.sip_port}"; transport = "udp"; advertise = "";
                media_ports = [{self.media_low}, {self.media_low + 4 * calls - 1}]; }} );
trunks = ( {{ name = "carrier"; listener = "main"; proxy = "sip:127.0.0.1:{trunk_port};transport=udp"; caller_id = "+12025550100";
             channels = {channels}; calls_per_s = {calls_per_s}; codecs = ["PCMU", "PCMA"]; }} );
console = {{ bind = "127.0.0.1:{self.http_port}"; }};
limits = {{ calls = {calls}; contacts = 1000000; }};
drain_s = {drain_s};
{extra}
""")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([BINARY, "serve", "-c", str(self.config)], stderr=open(self.log, "ab"), start_new_session=True)
        wait_for("the daemon's socket", lambda: self.process.poll() is not None or self.cli("status", check=False).returncode == 0, 15)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def cli(self, *args, check=True):
        r = subprocess.run([BINARY, *args, "-c", str(self.config)], capture_output=True, text=True, timeout=120)
        if check and r.returncode != 0:
            raise AssertionError(f"cadencia {' '.join(args)}: exit {r.returncode}\n{r.stdout}{r.stderr}")
        return r

    def campaign(self, name="test", mode="ratio", ratio="1.0", screening="false", ring_ms=30000, wrapup_s=1, extra="", hours=True):
        if hours:  # stories must pass at any hour of the day: the law's own hours are tested elsewhere
            extra += '\nhours = ( { days = "mon-sun"; open = "00:00"; close = "24:00"; } );\n'
        path = self.folder / f"{name}.conf"
        path.write_text(CAMPAIGN.format(mode=mode, ratio=ratio, screening=screening, ring_ms=ring_ms, wrapup_s=wrapup_s, extra=extra))
        self.cli("campaign", "create", name, "--from", str(path))

    def agent(self, name, uri, campaign="test", nailed=True):
        self.cli("agent", "add", name, "--seat", uri, "--nailed" if nailed else "--on-demand", "--campaign", campaign)
        self.cli("agent", "login", name)
        self.cli("agent", "ready", name)

    def contacts(self, phones, campaign="test"):
        path = self.folder / "contacts.csv"
        path.write_text("phone,name\n" + "".join(f"{p},Person {i}\n" for i, p in enumerate(phones)))
        return self.cli("import", "--campaign", campaign, str(path))

    def rows(self, campaign=None):
        args = ["export", "calls", "--format", "csv"] + (["--campaign", campaign] if campaign else [])
        return list(csv.DictReader(io.StringIO(self.cli(*args).stdout)))

    def closed_rows(self):
        return [r for r in self.rows() if r["ended_at"]]

    def status(self):
        return json.loads(self.cli("status", "--json").stdout)

    def children(self):
        """pid -> verb of the daemon's children."""
        found = {}
        for p in pathlib.Path("/proc").iterdir():
            if p.name.isdigit():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    stat = (p / "stat").read_text()
                    if int(stat.rsplit(")", 1)[1].split()[1]) == self.process.pid and stat.rsplit(")", 1)[1].split()[0] != "Z":
                        found[int(p.name)] = (p / "cmdline").read_bytes().split(b"\0")[1].decode()
        return found

    def kill_group(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=30):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill_group()
                raise AssertionError("the daemon did not drain in time\n" + self.log.read_text()[-4000:])
        return self.process.returncode if self.process else 0


class Sipp:
    """SIPp as the carrier or as agents' phones, by a scenario file."""

    def __init__(self, folder, name, scenario, port, extra=()):
        self.folder = pathlib.Path(folder)
        path = self.folder / f"{name}.xml"
        path.write_text(scenario)
        self.stats = self.folder / f"{name}.err"
        self.process = subprocess.Popen(
            ["sipp", "-sf", str(path), "-i", "127.0.0.1", "-p", str(port), "-nostdin", "-trace_err",
             "-error_file", str(self.stats), "-l", "5000", "-mp", str(free_range(64)), *extra],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, stdin=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
            return
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def stage(**box_options):
    """A folder, a trunk port and a box, all taken down afterwards; keeps the folder when the story fails."""
    folder = tempfile.mkdtemp(prefix="cadencia-e2e-")
    actors = []
    trunk_port = free_port()
    box = Box(folder, trunk_port, **box_options)
    try:
        yield box, trunk_port, actors, pathlib.Path(folder)
        code = box.stop()
        assert code == 0, f"the daemon ended with {code}\n{box.log.read_text()[-4000:]}"
    except BaseException:
        sys.stderr.write(f"--- {box.log} ---\n{box.log.read_text()[-6000:] if box.log.exists() else ''}\n")
        if box.process and box.process.poll() is None:
            box.kill_group()
        raise
    finally:
        for a in actors:
            a.stop()
        if not os.environ.get("CADENCIA_E2E_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


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
o=carrier 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
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
Contact: <sip:callee@127.0.0.1:[local_port]>
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
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]
Max-Forwards: 70
From:[$mine]
To:[$peer]
[last_Call-ID:]
CSeq: 9 BYE
Content-Length: 0

]]></send><recv response="200"/>"""
