"""A campaign that dies at any moment: SIGKILL of the SIP worker, the console, the daemon, everything, at seeded moments of a running campaign.

CADENCIA_CRASHES is the number of moments (default 8), CADENCIA_SEED what they are made from. What must hold is asked of the records and of the
carrier's own ledger, which saw every INVITE on the wire.
"""
import contextlib
import os
import random
import re
import signal
import socket
import time

from harness import stage, wait_for
from peers import Phone
from scene import called

MOMENTS = int(os.environ.get("CADENCIA_CRASHES", "8"))
SEED = int(os.environ.get("CADENCIA_SEED", "1"))
AREAS = (202, 212, 213, 214, 215, 216, 303, 305, 312, 313, 314, 404, 412, 415, 503, 504, 512, 513, 602, 612, 614, 615, 617, 619, 702, 703, 713, 714, 801, 804)
NUMBERS = [f"1{area}555{n:04d}" for n in range(100, 200) for area in AREAS]  # reserved for fiction


class Ledger(Phone):
    """A carrier that keeps a line for every INVITE, and lets go of calls that are over. By the number's last digit: 7 busy, 8 unknown, 9 rings for 2 s."""

    def __init__(self, *args, **kwargs):
        self.ledger, self.past, self.closing = [], {}, []
        super().__init__(*args, **kwargs)

    def on_invite(self, text, peer):
        call_id = self.field(text, "Call-ID")
        if call_id in self.past:
            return  # a retransmission that comes late
        known = any(c["id"] == call_id for c in self.calls)
        last = re.search(r"(\d)@", text).group(1)
        self.refuse = {"7": (486, "Busy Here"), "8": (404, "Not Found")}.get(last)
        super().on_invite(text, peer)
        if not known:
            number = re.search(r"sip:\+(\d+)@", self.field(text, "To")).group(1)
            self.ledger.append((time.monotonic(), call_id, number))
            if last == "9" and self.calls:
                self.calls[-1]["since"] += 2

    def on_sip(self, data, peer):
        text = data.decode("utf-8", "replace")
        call = self.past.get(self.field(text, "Call-ID"))
        if call is not None and text.startswith(("BYE", "CANCEL")):
            self.reply(call, 200 if text.startswith("BYE") else 481, "X", self.field(text, "CSeq"), self.vias(text))
            return
        super().on_sip(data, peer)

    def tick(self, now):
        super().tick(now)
        for c in [c for c in self.calls if c["state"] == "over" and now - c["ended_at"] > 2]:
            with self.lock:
                self.calls.remove(c)
            self.past[c["id"]] = c
            c["rtp"].close()
            del c["heard"][:]


def kill_somebody(rng, box):
    """One death. Returns who died."""
    who = rng.choices(["sip-worker", "console-worker", "daemon", "everything"], [40, 10, 20, 30])[0]
    if who == "everything":
        box.kill_group()
    elif who == "daemon":  # its children must not outlive it
        children = list(box.children())
        box.process.send_signal(signal.SIGKILL)
        box.process.wait()
        wait_for("the children end with it", lambda: not any(os.path.exists(f"/proc/{pid}") and "Z" not in open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
                                                             for pid in children), 10, 0.02)
    else:
        pid = box.child(who)
        if pid is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if box.process.poll() is not None:
        box.start()
    return who


def violations(box, carrier):
    """Every broken promise, in words."""
    found = []
    attempts = {r["id"]: r for r in box.query("SELECT id, ended FROM attempt")}
    dialed = {}
    for _, call_id, number in carrier.ledger:
        attempt = int(re.match(r"\d+", call_id).group(0))
        if attempt not in attempts:
            found.append(f"INVITE to {number} without a committed attempt ({call_id})")
        dialed.setdefault(attempt, set()).add(call_id)
    found += [f"attempt {a} was dialed {len(ids)} times: {ids}" for a, ids in dialed.items() if len(ids) > 1]
    numbers = [number for _, _, number in carrier.ledger]
    found += [f"{n} was called {numbers.count(n)} times" for n in set(numbers) if numbers.count(n) > 1]
    found += [f"attempt {a} is open" for a, r in attempts.items() if r["ended"] is None]
    rows = box.rows()
    if len({r["attempt_id"] for r in rows}) != len(attempts) or len(rows) != len(attempts):
        found.append(f"{len(attempts)} attempts, {len(rows)} rows")
    found += [f"a contact is left as being called: {r}" for r in box.query("SELECT * FROM case_state WHERE status=1")]
    status = box.status()
    if status["calls"]:
        found.append(f"{status['calls']} calls are left")
    found += [f"agent {a['name']} is {a['state']}, seat {a['seat_up']}" for a in status["agents"] if a["state"] != "ready" or not a["seat_up"]]
    found += [f"a line at the carrier was never hung up: {called(c)}" for c in carrier.calls if c["state"] not in ("over", "ringing")]
    return found, len(attempts), len(rows)


def a_campaign_survives_a_death_at_any_moment():
    """The box dies again and again, as a whole or in parts, while it dials. In the end, and after every death of the whole: every INVITE that the carrier saw
    has its committed attempt, no attempt was dialed twice, no number was called twice; when all is quiet, every attempt has its row and its end, and no
    contact, call, agent, seat or line is left behind."""
    with stage(calls=100, calls_per_s=30) as (box, trunk_port, actors, folder):
        carrier = Ledger(trunk_port, sound=None, ring_s=0.3, talk_s=0.8)
        agents = [Phone(sound=None) for _ in range(4)]
        actors += [carrier, *agents]
        rng, deaths = random.Random(SEED), {}
        box.start()
        box.campaign(mode="ratio", ratio="3.0", wrapup_s=0, extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        numbers = iter(NUMBERS)
        box.contacts([next(numbers) for _ in range(60)])
        box.cli("campaign", "start", "test")
        given, n = 60, 0
        while n < MOMENTS:
            if given - len(carrier.ledger) < 30:
                more = [next(numbers, None) for _ in range(60)]
                box.contacts([m for m in more if m])
                given += sum(m is not None for m in more)
            time.sleep(rng.uniform(0.02, 1.5))
            who = kill_somebody(rng, box)
            if who is None:
                continue
            n += 1
            deaths[who] = deaths.get(who, 0) + 1
        box.cli("campaign", "pause", "test")
        wait_for("quiet", lambda: box.status()["calls"] == 0 and not box.query("SELECT 1 FROM attempt WHERE ended IS NULL"), 40, 0.5)
        with contextlib.suppress(AssertionError):
            wait_for("everybody is back", lambda: all(a["state"] == "ready" and a["seat_up"] for a in box.status()["agents"]), 15, 0.5)
        found, attempts, rows = violations(box, carrier)
        print(f"        seed {SEED}: {n} moments ({', '.join(f'{k} {v}' for k, v in sorted(deaths.items()))}), {attempts} attempts, {rows} rows, "
              f"{len(carrier.ledger)} INVITEs, {len(found)} violations", flush=True)
        assert not found, "\n".join(found[:20])
        assert attempts >= MOMENTS, "hardly anything was dialed"


def the_service_manager_hears_when_it_is_ready_alive_and_going():
    """With a socket to tell it to, the box says READY once it is, WATCHDOG while its floor moves, also across a reload, and STOPPING when it drains; its
    children know nothing of that socket."""
    with stage(calls=20) as (box, trunk_port, actors, folder), contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(folder / "notify"))
        manager.setblocking(False)
        said = []

        def hear():
            with contextlib.suppress(BlockingIOError):
                while True:
                    said.append(manager.recv(4096).decode())
            return said

        os.environ.update(NOTIFY_SOCKET=str(folder / "notify"), WATCHDOG_USEC="1000000")
        try:
            box.start()
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        assert hear()[0] == "READY=1", said
        wait_for("the watchdog is fed", lambda: hear().count("WATCHDOG=1") >= 4, 5)
        box.process.send_signal(signal.SIGHUP)
        wait_for("a reload is told", lambda: any("configuration" in x for x in hear()), 5)
        for pid in box.children():
            with open(f"/proc/{pid}/environ", "rb") as f:
                assert b"NOTIFY_SOCKET" not in f.read()
        assert box.stop() == 0
        assert any(x.startswith("STOPPING=1") for x in hear()), said


STORIES = [the_service_manager_hears_when_it_is_ready_alive_and_going, a_campaign_survives_a_death_at_any_moment]
