"""Parts of the end-to-end stories: a box (the real daemon), a carrier (SIPp), phones (plain Python or baresip).

Every story gets its own folder and its own free ports, so that stories may run side by side. Nothing
leaves the loopback interface. The stories themselves are in stories_*.py.
"""
import contextlib
import csv
import fcntl
import io
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

BINARY = os.environ.get("CADENCIA", "build/release/cadencia")

# Whatever happens to a story, even SIGKILL at a time limit: what it started ends with it.
OWNED = ["setpriv", "--pdeathsig", "KILL", "--"]


def sanitized():
    with contextlib.suppress(OSError), open(BINARY, "rb") as f:
        return b"__asan_init" in f.read()
    return False


SANITIZED = sanitized()
# Debian 12's AddressSanitizer does not know the widest address layouts of newer kernels.
LAUNCH = ([*OWNED, "setarch", os.uname().machine, "-R"] if SANITIZED else OWNED)


def sanitizer_env(folder):
    """Every report of a sanitizer, in whichever process, becomes a file in the story's folder."""
    if not SANITIZED:
        return {}
    path = f"{folder}/sanitizer"
    suppressions = pathlib.Path(folder) / "leaks.supp"
    suppressions.write_text(KNOWN_LEAKS)
    return {"ASAN_OPTIONS": f"log_path={path}:detect_leaks=1:detect_stack_use_after_return=0",
            "UBSAN_OPTIONS": f"log_path={path}:print_stacktrace=1",
            "LSAN_OPTIONS": f"log_path={path}:suppressions={suppressions}:print_suppressions=0"}


# One-time allocations of libraries, held in their statics until the process ends.
KNOWN_LEAKS = ""


def free_port(kind=socket.SOCK_DGRAM, family=socket.AF_INET):
    with socket.socket(family, kind) as s:
        s.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        return s.getsockname()[1]


SLOT_PORTS, FIRST_SLOT, LAST_SLOT = 40, 6200, 9800  # below what the system hands out by chance
slots = []  # [lock, next port, end]


def kept_port(kind=socket.SOCK_DGRAM, family=socket.AF_INET):
    """A port that is ours until this process ends or its stage is taken down. One of free_port's may be given to somebody else before it is bound, or while a
    box that was killed comes back: these are in slots that stories lock against each other, where nobody gets a port by chance."""
    while True:
        if not slots or slots[-1][1] >= slots[-1][2]:
            claim, first = locked("slot", range(FIRST_SLOT, LAST_SLOT, SLOT_PORTS), lambda first: True)
            slots.append([claim, first, first + SLOT_PORTS])
        port = slots[-1][1]
        slots[-1][1] += 4  # who takes one may take those beside it, too: SIPp does
        with contextlib.suppress(OSError), socket.socket(family, kind) as s:
            s.bind(("127.0.0.1" if family == socket.AF_INET else "::1", port))
            return port


BLOCK_PORTS, FIRST_BLOCK, LAST_BLOCK = 1640, 10000, 19800  # below what a rehearsal and the sample configuration use
claims = []  # locked as long as this process lives


def all_free(low, size):
    for port in range(low, low + size):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def free_range(size):
    """The first port of a range for RTP that is ours until this process ends. A box binds its ports when it needs them, and again after
    it was killed: a look at what is free now is not enough, so stories lock their block of ports against each other."""
    claim, block = locked("", range(FIRST_BLOCK, LAST_BLOCK, BLOCK_PORTS), lambda first: all_free(first, size))
    claims.append(claim)
    return block


def locked(prefix, firsts, good):
    """One of these numbers that no other process holds and that is good, and the open file that holds it."""
    folder = pathlib.Path(tempfile.gettempdir()) / f"cadencia-e2e-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    end = time.monotonic() + 240
    while time.monotonic() < end:
        for first in random.sample(list(firsts), len(firsts)):
            claim = open(folder / f"{prefix}{first}", "w")  # noqa: SIM115 (kept open: it holds the lock)
            with contextlib.suppress(OSError):
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if good(first):
                    return claim, first
            claim.close()
        time.sleep(0.5)
    raise RuntimeError("no free range of ports")


def startup_s():
    """How long this machine takes, right now, to start a process of ours: the measure for what must be quick."""
    worst = 0
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([*LAUNCH, BINARY, "--help"], stdout=subprocess.DEVNULL, check=False)
        worst = max(worst, time.monotonic() - began)
    return worst


# How much slower than an idle machine a story may be. A story that passes is not slowed by it: waits end with their condition.
PATIENCE = float(os.environ.get("CADENCIA_E2E_PATIENCE", "4")) * (2 if SANITIZED else 1)


def wait_for(what, predicate, seconds=20, every=0.1):
    """Polls until predicate() is true and returns its value; fails loudly with `what` otherwise."""
    seconds *= PATIENCE
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
prompts = {{ safe_harbour = "safe_harbour_en.wav"; optout_digit = "9"; {prompts}}};
{extra}
"""


class Box:
    """One running Cadencia with its own state, ports and database."""

    def __init__(self, folder, trunk_port, calls=300, channels=300, calls_per_s=50, drain_s=2, extra=""):
        self.folder = pathlib.Path(folder)
        self.sip_port, self.http_port = kept_port(), kept_port(socket.SOCK_STREAM)
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
        self.starts = 0
        self.phones = set()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*LAUNCH, BINARY, "serve", "-c", str(self.config)], stderr=log, start_new_session=True,
                                            stdin=subprocess.DEVNULL, env={**os.environ, **sanitizer_env(self.folder)})
        self.starts += 1
        wait_for("the daemon", lambda: self.process.poll() is not None or self.log.read_text().count("daemon   ready:") == self.starts, 15)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def cli(self, *args, check=True):
        r = subprocess.run([*LAUNCH, BINARY, *args, "-c", str(self.config)], capture_output=True, text=True, timeout=300,
                           env={**os.environ, **sanitizer_env(self.folder)})
        if check and r.returncode != 0:
            raise AssertionError(f"cadencia {' '.join(args)}: exit {r.returncode}\n{r.stdout}{r.stderr}")
        return r

    def campaign(self, name="test", mode="ratio", ratio="1.0", screening="false", ring_ms=30000, wrapup_s=1, extra="", hours=True, prompts=""):
        if hours:  # stories must pass at any hour of the day: the law's own hours are tested elsewhere
            extra += '\nhours = ( { days = "mon-sun"; open = "00:00"; close = "24:00"; } );\n'
        path = self.folder / f"{name}.conf"
        path.write_text(CAMPAIGN.format(mode=mode, ratio=ratio, screening=screening, ring_ms=ring_ms, wrapup_s=wrapup_s, extra=extra, prompts=prompts))
        self.cli("campaign", "create", name, "--from", str(path))

    def agent(self, name, uri, campaign="test", nailed=True):
        self.cli("agent", "add", name, "--seat", uri, "--nailed" if nailed else "--on-demand", "--campaign", campaign)
        self.cli("agent", "login", name)
        self.cli("agent", "ready", name)

    def contacts(self, phones, campaign="test"):
        self.phones.update(phones)
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

    def child(self, verb):
        return next((pid for pid, v in self.children().items() if v == verb), None)

    def seats_up(self, count=1):
        """Calls begin when the agents are there: waits until so many phones are on the line."""
        wait_for(f"{count} seats up", lambda: sum(a["seat_up"] for a in self.status()["agents"]) >= count, 20)

    def query(self, sql, *values):
        """The records as they are on disk, read beside the daemon."""
        with contextlib.closing(sqlite3.connect(f"file:{self.state}/cadencia.db?mode=ro", uri=True, timeout=30)) as db:
            db.row_factory = sqlite3.Row
            return [dict(r) for r in db.execute(sql, values)]

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
        """SIGKILL for daemon and children; returns when none of them is there any more, so that their ports are free."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

        def gone():
            for p in pathlib.Path("/proc").iterdir():
                with contextlib.suppress(OSError, IndexError):
                    if p.name.isdigit():
                        state, _, group = (p / "stat").read_text().rsplit(")", 1)[1].split()[:3]
                        if int(group) == self.process.pid and state != "Z":  # nobody may be there to bury the dead
                            return False
            return True

        wait_for("the end of the group", gone, 10, 0.01)

    def stop(self, seconds=40):
        seconds *= PATIENCE
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill_group()
                raise AssertionError("the daemon did not drain in time\n" + self.log.read_text()[-4000:])
        return self.process.returncode if self.process else 0


def sanitizer_reports(folder):
    return {p.name: p.read_text(errors="replace") for p in sorted(pathlib.Path(folder).glob("sanitizer.*")) if p.stat().st_size}


@contextlib.contextmanager
def stage(**box_options):
    """A folder, a trunk port and a box, all taken down afterwards, whatever happens."""
    folder = tempfile.mkdtemp(prefix="cadencia-e2e-")
    actors = []
    trunk_port = kept_port()
    box = Box(folder, trunk_port, **box_options)
    try:
        yield box, trunk_port, actors, pathlib.Path(folder)
        code = box.stop()
        assert code == 0, f"the daemon ended with {code}"
        reports = sanitizer_reports(folder)
        assert not reports, "sanitizer: " + "\n".join(f"{name}\n{text[:6000]}" for name, text in reports.items())
        log = box.log.read_text(errors="replace") if box.log.exists() else ""
        assert not [p for p in box.phones if p in log], "the log names the number of a contact"
    except BaseException:
        if box.log.exists():
            sys.stderr.write(f"--- {box.log} ---\n{box.log.read_text(errors='replace')[-6000:]}\n")
        if box.process and box.process.poll() is None:
            with contextlib.suppress(Exception):  # what the floor says may explain it
                sys.stderr.write(box.cli("status", check=False).stdout)
        for name, text in sanitizer_reports(folder).items():
            sys.stderr.write(f"--- {name} ---\n{text[:8000]}\n")
        raise
    finally:
        if box.process and (box.process.poll() is None or box.children()):
            box.kill_group()
        for a in actors:
            a.stop()
        while claims:
            claims.pop().close()
        while slots:
            slots.pop()[0].close()
        if not os.environ.get("CADENCIA_E2E_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
