"""Stories of the box itself: workers that die, power that fails, endings, the page, lists that come while people talk."""
import contextlib
import http.client
import json
import os
import re
import resource
import signal
import threading
import time

import peers
from harness import SANITIZED, startup_s, stage, wait_for
from peers import Phone, tone
from scene import PHONES, called, one_talk


def the_sip_worker_dies_and_is_back_within_a_second():
    """kill -9 of the SIP worker in mid-talk: the audio goes on, a new worker is up in a second, calls without an answer end with
    a reason, and dialing goes on."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        spare = Phone(sound=tone(1000, 4000))
        actors.append(spare)
        start_s = startup_s()
        worker = box.child("sip-worker")
        os.kill(worker, signal.SIGKILL)
        began = time.monotonic()
        wait_for("it is ready", lambda: box.log.read_text().count("SIP worker main is up") == 2, 10, 0.02)
        took = time.monotonic() - began
        allowed = 1.0 + 8 * max(start_s, startup_s())  # a second on a machine that has one for us
        assert took < allowed, f"{took:.2f} s, allowed {allowed:.2f}"
        assert box.child("sip-worker") not in (None, worker)
        del call["heard"][:], seat["heard"][:]
        wait_for("the talk goes on", lambda: peers.level_of(seat["heard"][-1600:], 400) > 3000 and peers.level_of(call["heard"][-1600:], 1000) > 3000, 5)
        customer.ring_s = 1000
        box.agent("eva", f"sip:eva@127.0.0.1:{spare.port}")
        box.contacts(PHONES[1:2])
        wait_for("a second call rings", lambda: len(customer.calls) >= 2, 15)
        os.kill(box.child("sip-worker"), signal.SIGKILL)
        row = wait_for("its row", lambda: [r for r in box.closed_rows() if r["phone"] == PHONES[1]], 10)[0]
        assert row["outcome"] == "interrupted" and row["cause"] == "worker_lost", row
        customer.ring_s = 0.1
        box.contacts(PHONES[2:3])
        third = wait_for("dialing goes on", lambda: next((c for c in customer.up() if called(c) == PHONES[2]), None), 30)
        customer.hang_up(third)
        wait_for("its row", lambda: [r for r in box.closed_rows() if r["phone"] == PHONES[2]], 8)
        customer.hang_up(call)  # the new worker knows his dialog: it ends at once
        wait_for("the first row", lambda: [r for r in box.closed_rows() if r["phone"] == PHONES[0]], 5)


def kill_nine_of_everything_loses_nothing():
    """The whole group dies by SIGKILL in mid-campaign, again and again: after each restart every attempt has its row, none is open,
    and no contact was called more often than attempts were recorded."""
    with stage(calls=100, calls_per_s=20) as (box, trunk_port, actors, folder):
        carrier = Phone(trunk_port, sound=None, ring_s=1.0, talk_s=1.0)
        agents = [Phone(sound=None) for _ in range(4)]
        actors += [carrier, *agents]
        box.start()
        box.campaign(mode="ratio", ratio="3.0", wrapup_s=1, extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.contacts(PHONES)
        box.cli("campaign", "start", "test")
        for _ in range(3):
            have = len(carrier.calls)
            wait_for("calls in flight", lambda: len(carrier.calls) >= have + 3 and any(c["state"] != "over" for c in carrier.calls), 30, 0.02)
            box.kill_group()
            box.start()
            invited = {}
            for c in list(carrier.calls):
                invited[called(c)] = invited.get(called(c), 0) + 1
            logged = {}
            for r in box.rows():
                logged[r["phone"]] = logged.get(r["phone"], 0) + 1
            missing = {p: n for p, n in invited.items() if n > logged.get(p, 0)}
            assert not missing, f"called but not logged: {missing}"
            twice = {p: n for p, n in invited.items() if n > 1}
            assert not twice, f"called twice: {twice}"
        wait_for("the list is finished", lambda: len(box.closed_rows()) == len(PHONES), 90, 1)
        rows = box.rows()
        assert len({r["attempt_id"] for r in rows}) == len(PHONES)
        assert any(r["outcome"] == "interrupted" for r in rows), "calls in flight must be closed as interrupted"
        assert box.query("SELECT count(*) AS n FROM attempt WHERE ended IS NULL")[0]["n"] == 0
        assert box.query("SELECT count(*) AS n FROM case_state WHERE status=1")[0]["n"] == 0, "a contact is left as being called"


def a_disk_that_takes_nothing_stops_dialing_is_told_and_heals():
    """No file may grow: whom we called is hung up on as ever, nobody new is called, status says why; when files may grow again
    dialing goes on by itself and every call has its row."""
    with stage() as (box, trunk_port, actors, folder):
        carrier = Phone(trunk_port, sound=None, ring_s=0.3, talk_s=1.0)
        agents = [Phone(sound=None) for _ in range(2)]
        actors += [carrier, *agents]
        box.start()
        box.campaign(mode="progressive", wrapup_s=1, extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        phones = PHONES[:12]
        box.contacts(phones)
        box.cli("campaign", "start", "test")
        wait_for("calls are over", lambda: len(box.closed_rows()) >= 3, 60)
        free = resource.prlimit(box.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(box.process.pid, resource.RLIMIT_FSIZE, (4096, free[1]))
        wait_for("it is told", lambda: any("cannot be written" in a["text"] for a in box.status()["alerts"]), 60)
        have = len(carrier.calls)
        assert have < len(phones)
        wait_for("status says why", lambda: "running, held: disk" in box.cli("status").stdout, 10)
        time.sleep(3)  # a try or two
        assert len(carrier.calls) == have, "called without a row"
        resource.prlimit(box.process.pid, resource.RLIMIT_FSIZE, free)
        wait_for("that it is over is told", lambda: "can be written again" in box.status()["alerts"][0]["text"], 30)
        wait_for("the list is finished", lambda: len(box.closed_rows()) == len(phones), 60, 0.5)
        assert sorted(r["phone"] for r in box.rows()) == sorted(phones)
        assert sorted(called(c) for c in carrier.calls) == sorted(phones), "somebody was called twice, or not at all"


def sigterm_drains():
    """SIGTERM with people talking: no new call begins, the talk is ended after drain_s at the latest, every row is closed, exit 0."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        box.contacts(PHONES[1:5])
        start_s, began = startup_s(), time.monotonic()
        assert box.stop() == 0
        took = time.monotonic() - began
        assert took < 12 + 20 * max(start_s, startup_s()), took
        wait_for("BYE", lambda: call["state"] == "over" and seat["state"] == "over", 2)
        assert len(customer.calls) == 1, "a new call began"
        rows = box.rows()
        assert rows and all(r["ended_at"] for r in rows), rows


def get(box, path):
    c = http.client.HTTPConnection("127.0.0.1", box.http_port, timeout=20)
    with contextlib.closing(c):
        c.request("GET", path)
        r = c.getresponse()
        return r.status, r.read().decode()


def events(box, count):
    """So many server-sent events, read as a browser does; then the connection is dropped."""
    c = http.client.HTTPConnection("127.0.0.1", box.http_port, timeout=60)
    with contextlib.closing(c):
        c.request("GET", "/events")
        r = c.getresponse()
        assert r.status == 200 and r.getheader("Content-Type").startswith("text/event-stream"), r.status
        found = []
        while len(found) < count:
            line = r.readline().decode()
            assert line, "the stream ended"
            if line.startswith("data:"):
                found.append(json.loads(line[5:]))
        return found


def the_page_shows_the_floor_and_outlives_its_process():
    """The page, its script, its picture of the floor and its stream during a talk; the same after a reload; the process is killed: the page is
    back by itself, on the same port, and the talk never noticed."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)

        def page_is_whole():
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                status, text = get(box, "/")
                live_status, live = get(box, "/api/live")
                return status == 200 and "<html" in text and live_status == 200 and "talking" in live and "ana" in live
            return False

        wait_for("the page", page_is_whole, 10)
        for path in re.findall(r'(?:src|href)="(/?[a-z.]+\.(?:js|css|svg))"', get(box, "/")[1]):
            status, _ = get(box, "/" + path.lstrip("/"))
            assert status == 200 or "dygraph" in path, (path, status)
        assert "es" in get(box, "/?lang=es")[1].split(">")[1], "the page speaks Spanish"
        for _ in range(2):  # a reload
            for picture in events(box, 2):
                assert "ana" in json.dumps(picture), picture
        worker = next(pid for pid, verb in box.children().items() if "console" in verb)
        os.kill(worker, signal.SIGKILL)
        wait_for("a new one", lambda: any("console" in v and p != worker for p, v in box.children().items()), 10)
        wait_for("the page again", page_is_whole, 10)
        assert "ana" in json.dumps(events(box, 1))
        assert customer.hears(1000, 3000) and agent.hears(400, 3000) and call["state"] == "up"
        customer.hang_up(call)
        wait_for("the row", box.closed_rows, 8)


def metric(box, name):
    return float(re.search(rf"^{re.escape(name)} (\S+)$", get(box, "/metrics")[1], re.M).group(1))


def the_box_says_how_it_does():
    """/health and /metrics while people talk: every thread's histogram counts, beats come fifty a second, what is waited for is an fsync."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)

        def healthy():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return get(box, "/health")[0] == 200

        wait_for("health", healthy, 10)
        counts = ["cadencia_loop_turn_seconds_count", "cadencia_beat_lag_seconds_count", "cadencia_commit_seconds_count",
                  'cadencia_mailbox_depth_count{mailbox="control"}', 'cadencia_mailbox_depth_count{mailbox="media"}', 'cadencia_mailbox_depth_count{mailbox="store"}']
        before = {c: metric(box, c) for c in counts}
        assert all(n > 0 for n in before.values()), before
        customer.hang_up(call)
        wait_for("the row", box.closed_rows, 10)
        wait_for("all of them have counted", lambda: all(metric(box, c) > n for c, n in before.items()), 10)
        for name in ("loop_turn", "beat_lag", "commit"):
            assert metric(box, f'cadencia_{name}_seconds_bucket{{le="+Inf"}}') <= metric(box, f"cadencia_{name}_seconds_count") + 1000
            assert metric(box, f"cadencia_{name}_seconds_sum") > 0
        assert PHONES[0][-7:] not in get(box, "/metrics")[1]


def the_flight_recorder_tells_what_happened():
    """A talk, then SIGSEGV of the daemon, and another life: replay tells each step of the call in both lives, up to the crash, with ids alone; every change
    of a call or an agent follows from the one before."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        attempt = re.search(r"Call-ID:\s*(\d+)", call["headers"]).group(1)
        wait_for("it is on the way to the file", lambda: "talking" in box.cli("replay", "--attempt", attempt).stdout, 5)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 10)[0]
        assert row["attempt_id"] == attempt
        wait_for("its line is free", lambda: box.status()["calls"] == 0, 10)
        if not SANITIZED:
            os.kill(box.process.pid, signal.SIGSEGV)
            wait_for("it is dead", lambda: box.process.poll() is not None, 10)
        box.kill_group()
        box.start()
        told = [json.loads(line) for line in box.cli("replay", "--attempt", attempt, "--json").stdout.splitlines()]
        states = [e["to"] for e in told if e["what"] == "call" and e.get("attempt") == attempt and e["to"] != "ringing"]  # a 180 may be lost
        assert states == ["opening", "dialing", "screening", "waiting", "connecting", "talking", "closing", "free"], states
        mails = [e["mail"] for e in told if e["what"] in ("in", "out") and e.get("attempt") == attempt]
        for wanted in ("STORE_OPEN", "STORE_OPENED", "SIP_INVITE", "SIP_ANSWERED", "MEDIA_BRIDGED", "SIP_ENDED", "STORE_CLOSE", "STORE_CLOSED"):
            assert wanted in mails, (wanted, mails)
        assert mails.index("STORE_OPENED") < mails.index("SIP_INVITE"), "no INVITE without its committed attempt"
        everything = box.cli("replay", "--json").stdout
        assert everything.count('"what":"start"') == 2 and '"joins":false' not in everything
        for secret in (PHONES[0], PHONES[0][-7:], "Person", "127.0.0.1"):
            assert secret not in everything and secret.encode() not in (folder / "state" / "flight").read_bytes(), secret
        assert "went on from the state it was in" in box.cli("replay", "--last", "5").stdout
        bad = box.cli("replay", "--since", "yesterday", check=False)
        assert bad.returncode == 2 and "2026-11-21" in bad.stderr, bad


HOSTILE = {
    "workbook.csv": b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256)) * 8,
    "utf16.csv": "phone,name\n+12025550170,Ana\n".encode("utf-16"),
    "nul.csv": b"phone,name\n+12025550171,An\0a\n" + b"\0" * 500,
    "open_quote.csv": b'phone,name\n+12025550172,Ana\n+12025550173,"never closed\n' + b"x,y\n" * 2000,
    "long_line.csv": b"phone,name\n+12025550174,Ana\n+12025550175," + b"A" * 100000 + b"\n",
    "no_phone.csv": b"name,colour\nAna,blue\n",
    "gzip.csv": b"\x1f\x8b\x08\x00" + bytes(range(255, 0, -1)) * 6,
    "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    "empty.csv": b"",
}


def hostile_lists_write_nothing():
    """Workbooks, archives, UTF-16, binary, a quote that never closes, a line without end, no phone column: each is refused with its reason
    while the daemon works, and not a row of them is in the records; single bad rows are rejected by line, without harm to the good one."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        box.campaign()
        tables = ("person", "phone", "work_case", "case_state", "bucket")

        def counted():
            return {t: box.query(f"SELECT count(*) AS n FROM {t}")[0]["n"] for t in tables}

        before = counted()
        for name, data in HOSTILE.items():
            path = folder / name
            path.write_bytes(data)
            r = box.cli("import", "--campaign", "test", str(path), check=False)
            assert r.returncode == 1 and len(r.stderr) > 20, (name, r.returncode, r.stdout, r.stderr)
            assert counted() == before, (name, counted())
        path = folder / "rows.csv"
        path.write_text("phone,name\n=HYPERLINK(1),x\n1.2E+10,x\n12,x\n+12025550176,'; DROP TABLE person; --\n+120255501761234567890,x\n")
        r = box.cli("import", "--campaign", "test", str(path), check=False)
        assert box.query("SELECT number FROM phone") == [{"number": 12025550176}], (r.stdout, r.stderr)
        rejected = (folder / "rows.csv.rejected.csv").read_text().splitlines()
        assert len(rejected) == 5, rejected
        assert box.query("SELECT name FROM person") == [{"name": "'; DROP TABLE person; --"}]
        box.cli("status")


def a_long_list_comes_in_while_people_talk():
    """20,000 rows are imported while one talk goes on and other calls come and go: all rows are there, calls are made meanwhile, no audio is
    lost, and no call ends otherwise than its callee wished."""
    with stage(calls=60) as (box, trunk_port, actors, folder):
        customer = Phone(trunk_port, sound=tone(400, 4000), talk_s=None)
        agents = [Phone(sound=tone(1000, 4000)) for _ in range(3)]
        actors += [customer, *agents]
        box.start()
        box.campaign(mode="progressive", wrapup_s=0, extra="retry = ();")
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.seats_up(3)
        box.contacts(PHONES[:1])
        box.cli("campaign", "start", "test")
        steady = wait_for("the steady talk", lambda: customer.hears(1000, 3000), 20)
        box.contacts(PHONES[1:])
        customer.talk_s, steady["answered_at"] = 2.0 if peers.BAD_LINE else 1.0, float("inf")  # the others are short
        path = folder / "long.csv"
        areas = ("212", "312", "415", "305")
        path.write_text("phone,name\n" + "".join(f"+1{areas[i // 5000]}{(200 + i % 5000 // 100):03d}{1000 + i % 100:04d},Person {i}\n" for i in range(20000)))
        # Those wait for another campaign: here only the import itself may disturb.
        box.campaign("other")
        wait_for("short calls", lambda: len(box.closed_rows()) >= 2, 20)
        calls_before, mark = len(customer.calls), len(steady["arrivals"])
        result = {}

        def bring():
            result["r"] = box.cli("import", "--campaign", "other", str(path), check=False)

        importer = threading.Thread(target=bring)
        importer.start()
        importer.join(300)
        assert not importer.is_alive() and result["r"].returncode == 0, result
        made = len(customer.calls) - calls_before
        assert box.query("SELECT count(*) AS n FROM case_state c JOIN campaign p ON p.id=c.campaign WHERE p.name='other'")[0]["n"] == 20000
        numbers = [n for _, n in steady["arrivals"][mark:]]
        gaps = sum((b - a) & 0xFFFF != 1 for a, b in zip(numbers, numbers[1:]))
        allowed = len(numbers) // 10 if peers.BAD_LINE else 0
        assert len(numbers) > 10 and gaps <= allowed, f"{gaps} gaps in {len(numbers)} packets"
        wait_for("calls are made", lambda: made > 0 or len(customer.calls) > calls_before + 2, 10)
        wait_for("more calls end well", lambda: len(box.closed_rows()) >= 12, 40)
        for r in box.closed_rows():
            assert r["outcome"] == "connected" and r["ended_by"] == "callee", r
        assert steady["state"] == "up" and customer.hears(1000, 3000, of=steady)


STORIES = [the_sip_worker_dies_and_is_back_within_a_second, kill_nine_of_everything_loses_nothing, a_disk_that_takes_nothing_stops_dialing_is_told_and_heals, sigterm_drains,
           the_page_shows_the_floor_and_outlives_its_process, the_box_says_how_it_does, the_flight_recorder_tells_what_happened, hostile_lists_write_nothing, a_long_list_comes_in_while_people_talk]
