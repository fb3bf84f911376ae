"""Stories of the console's desks: signing in, the agent's page, what a supervisor may do."""
import contextlib
import csv
import http.client
import io
import json
import pathlib
import re
import subprocess
import threading
import time

import peers
from harness import BINARY, LAUNCH, stage, startup_s, wait_for
from scene import PHONES, one_talk

SECRET = "correct horse battery"


class Browser:
    """Keeps a cookie, sends what our own pages send."""

    def __init__(self, box):
        self.box, self.cookie = box, ""

    def ask(self, path, body=None, headers=None, timeout=20):
        c = http.client.HTTPConnection("127.0.0.1", self.box.http_port, timeout=timeout)
        with contextlib.closing(c):
            send = {"Cookie": self.cookie} if self.cookie else {}
            if body is not None:
                send.update({"Content-Type": "application/json", "X-Cadencia": "1"})
            send.update(headers or {})
            c.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), send)
            r = c.getresponse()
            text = r.read().decode()
            found = re.match(r"session=([0-9a-f]*)", r.getheader("Set-Cookie") or "")
            if found:
                assert "HttpOnly" in r.getheader("Set-Cookie") and "SameSite=Strict" in r.getheader("Set-Cookie")
                self.cookie = f"session={found[1]}" if found[1] else ""
            if (r.getheader("Content-Type") or "").startswith("application/json"):
                return r.status, json.loads(text)
            return r.status, text

    def sign_in(self, name, secret=SECRET):
        return self.ask("/api/sign-in", {"name": name, "password": secret})

    def desk(self):
        status, desk = self.ask("/api/desk")
        assert status == 200, (status, desk)
        return desk


def add_user(box, *words):
    r = subprocess.run([*LAUNCH, BINARY, "user", "add", *words, "--password", "-", "-c", str(box.config)], input=SECRET + "\n", text=True,
                       capture_output=True, timeout=60)
    assert r.returncode == 0, r.stdout + r.stderr


def first_contact_on(box, browser, out):
    """Follows the desk's stream as the page does: at each news it asks for the desk. When a contact is on it, the desk and when that was go into out."""
    c = http.client.HTTPConnection("127.0.0.1", box.http_port, timeout=60)
    with contextlib.closing(c):
        c.request("GET", "/desk/events", headers={"Cookie": browser.cookie})
        r = c.getresponse()
        assert r.status == 200, r.status
        while True:
            line = r.readline().decode()
            assert line, "the stream ended"
            if line.startswith("data:"):
                desk = browser.desk()
                if desk["call"]:
                    out.append((time.monotonic(), desk))
                    return


def nobody_comes_in_without_a_password():
    """While nobody may sign in the floor is open to this machine; the one-time link makes the first supervisor, once. From then on a
    stranger gets nothing, a wrong password nothing, five of them a lock, and another site's form nothing."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        b = Browser(box)
        assert b.ask("/api/live")[0] in (200, 503)
        code = wait_for("the link", lambda: re.search(r"/sign-in#([0-9a-f]{64})", box.log.read_text()), 5)[1]
        assert b.ask("/api/set-up", {"name": "maria", "password": "short", "code": code})[0] == 409
        assert b.ask("/api/set-up", {"name": "maria", "password": SECRET, "code": "0" * 64})[0] == 409
        status, said = b.ask("/api/set-up", {"name": "maria", "password": SECRET, "code": code})
        assert status == 200 and said["role"] == "supervisor", (status, said)
        assert b.ask("/api/set-up", {"name": "eve", "password": SECRET, "code": code})[0] == 409, "the link is good once"
        assert b.ask("/api/live")[0] in (200, 503)
        time.sleep(2.2)  # how long the console believes that nobody may sign in
        stranger = Browser(box)
        assert stranger.ask("/api/live")[0] == 401 and stranger.ask("/events")[0] == 401
        assert stranger.ask("/")[0] == 303 and stranger.ask("/desk")[0] == 303
        assert stranger.ask("/sign-in")[0] == 200 and stranger.ask("/health")[0] in (200, 503)
        assert stranger.ask("/api/campaign/stop", {"name": "test"})[0] == 401
        stranger.cookie = "session=" + "ab" * 32
        assert stranger.ask("/api/live")[0] == 401
        for _ in range(5):
            assert stranger.sign_in("maria", "wrong password")[0] == 401
        status, said = stranger.sign_in("maria")
        assert status == 401 and "locked" in said["error"], (status, said)
        assert stranger.sign_in("nobody", "wrong password")[0] == 401
        assert b.ask("/api/sign-out", {}, {"X-Cadencia": ""})[0] in (200, 403)
        c = http.client.HTTPConnection("127.0.0.1", box.http_port, timeout=20)
        c.request("POST", "/api/campaign/stop", json.dumps({"name": "test"}), {"Cookie": b.cookie, "Content-Type": "text/plain"})
        assert c.getresponse().status == 403, "a form of another site has no header of ours"
        assert SECRET not in box.log.read_text()


def an_agent_works_at_the_desk():
    """The contact is on the desk before the first word is heard, though nobody screens; the note is there after a reload, in another browser and after the console has died;
    the disposition is chosen there; nobody else's desk can be reached."""
    with stage() as (box, trunk_port, actors, folder):
        from peers import Phone, tone
        half_a_second = [0] * 4000  # who picks up does not speak sooner
        customer, agent = Phone(trunk_port, sound=half_a_second + tone(400, 4000) * 60), Phone(sound=tone(1000, 4000))
        actors += [customer, agent]
        box.start()
        box.campaign(mode="progressive", wrapup_s=60, extra='retry = (); dispositions = ( { digit = "1"; code = "SALE"; }, { digit = "2"; code = "NI"; } );')
        box.cli("disposition", "add", "SALE", "--campaign", "test", "--name", "sale", "--category", "conversion", "--effect", "finishes",
                "--fields", "amount=number!,remark=text")
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        add_user(box, "ana.lopez", "--role", "agent", "--agent", "ana")
        add_user(box, "maria", "--role", "supervisor")
        b, boss = Browser(box), Browser(box)
        assert b.sign_in("ana.lopez")[0] == 200 and boss.sign_in("maria")[0] == 200
        assert b.ask("/")[0] == 303 and b.ask("/api/live")[0] == 403, "an agent sees the own desk only"
        assert boss.ask("/api/desk")[0] == 403
        box.seats_up()
        desk = b.desk()
        assert desk["state"] == "ready" and desk["call"] is None and desk["seat_up"], desk
        news = []
        follower = threading.Thread(target=first_contact_on, args=(box, b, news), daemon=True)
        follower.start()
        time.sleep(0.5)
        (folder / "one.csv").write_text(f"phone,name,external_id,plan\n{PHONES[0]},Lucía Ñandú,K-77,gold\n")
        box.cli("import", "--campaign", "test", str(folder / "one.csv"))
        box.cli("campaign", "start", "test")
        call = wait_for("the customer hears the agent", lambda: customer.hears(1000, 3000), 20)
        follower.join(60)
        assert news, "the desk was told"
        seat = wait_for("the agent hears the customer", lambda: agent.hears(400, 3000), 10)
        voice = next(when for i, (when, _) in enumerate(seat["arrivals"]) if peers.level_of(seat["heard"][160 * i:160 * i + 160], 400) > 2000)
        lead_ms = 1000 * (voice - news[0][0])
        print(f"        the contact was on the screen {lead_ms:.0f} ms before the first word", flush=True)
        assert lead_ms > -4000 * startup_s() and news[0][1]["call"]["name"] == "Lucía Ñandú", (lead_ms, news)
        desk = wait_for("the desk says that they talk", lambda: (d := b.desk())["state"] == "talking" and d, 5)
        assert desk["call"]["name"] == "Lucía Ñandú", desk
        assert desk["call"]["phone"] == PHONES[0] or desk["call"]["phone"].lstrip("+") == PHONES[0].lstrip("+"), desk
        attempt = desk["call"]["attempt"]
        assert b.ask("/api/desk/note", {"attempt": attempt, "text": "vuelve a llamar a las 5 €"})[0] == 200
        other = Browser(box)
        other.cookie = b.cookie
        assert other.desk()["call"]["note"] == "vuelve a llamar a las 5 €"
        import os
        import signal
        os.kill(box.child("console-worker"), signal.SIGKILL)

        def back():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return b.ask("/api/desk")[0] == 200
            return False

        wait_for("the console is back", back, 10)
        assert b.desk()["call"]["note"] == "vuelve a llamar a las 5 €", "the session and the note outlive the console"
        assert b.ask("/api/desk/dispose", {"code": "NO-SUCH-CODE-AT-ALL"})[0] == 409
        customer.hang_up(call)
        wait_for("wrap-up", lambda: b.desk()["state"] == "wrapup", 10)
        assert b.desk()["call"]["name"] == "Lucía Ñandú", "the contact stays through wrap-up"
        code = b.desk()["dispositions"][0]["code"]
        assert b.desk()["dispositions"][0]["fields"] == "amount=number!,remark=text" and b.desk()["dispositions"][1]["fields"] == ""
        for bad in ({}, {"amount": "a lot"}, {"amount": "5", "colour": "red"}, {"amount": 5}):
            assert b.ask("/api/desk/dispose", {"code": code, "fields": bad})[0] in (400, 409), bad
        assert b.ask("/api/desk/dispose", {"code": code, "fields": {"amount": "120,50", "remark": "paid,amount=999"}})[0] == 200
        wait_for("ready again", lambda: b.desk()["state"] == "ready", 5)
        row = wait_for("its row", lambda: [r for r in box.closed_rows() if r["disposition"]], 5)[0]
        assert row["disposition"] == code, row
        wrote = list(csv.DictReader(io.StringIO(box.cli("export", "wrapups").stdout)))
        assert len(wrote) == 1 and wrote[0]["attempt_id"] == attempt and wrote[0]["disposition"] == code, wrote
        assert json.loads(wrote[0]["fields"]) == {"amount": "120.50", "remark": "paid, amount=999"}, wrote
        assert b.desk()["today"]["calls"] == 1 and b.desk()["today"]["talking_ms"] > 0, b.desk()
        assert boss.ask("/api/agent/logout", {"name": "ana"})[0] == 200
        wait_for("logged out by the supervisor", lambda: b.desk()["state"] == "logged_out", 5)
        assert b.ask("/api/agent/logout", {"name": "ana"})[0] == 403
        assert boss.ask("/api/campaign/pause", {"name": "test"})[0] == 200
        box.cli("user", "remove", "ana.lopez")
        wait_for("the session has ended", lambda: b.ask("/api/desk")[0] == 401, 15)


def a_promise_and_a_pause_at_the_desk():
    """In wrap-up the agent promises another call at a time by the customer's clock, then pauses for lunch: the contact waits for that time and
    for that agent, the day's report says what the pause was for. A reason that nobody knows is refused. In a real browser where there is one."""
    with stage() as (box, trunk_port, actors, folder):
        codes = 'dispositions = ( { digit = "1"; code = "SALE"; }, { digit = "2"; code = "CALLBK"; } );'
        customer, call, agent, seat = one_talk(box, trunk_port, actors, wrapup_s=600, extra="retry = (); " + codes)
        add_user(box, "ana.lopez", "--role", "agent", "--agent", "ana")
        b = Browser(box)
        assert b.sign_in("ana.lopez")[0] == 200
        customer.hang_up(call)
        desk = wait_for("wrap-up", lambda: (d := b.desk())["state"] == "wrapup" and d, 10)
        assert [d["calls_back"] for d in desk["dispositions"]] == [False, True], desk
        assert {"code": "LUNCH", "name": "lunch", "own": False} in desk["pauses"], desk
        r = None
        if (pathlib.Path(__file__).parent / "pages" / "node_modules").exists():
            r = subprocess.run(["node", str(pathlib.Path(__file__).parent / "pages" / "desk_test.mjs"), f"http://127.0.0.1:{box.http_port}/", "ana.lopez", SECRET],
                               capture_output=True, text=True, timeout=180)
            assert r.returncode in (0, 77), r.stdout + r.stderr
        if r is None or r.returncode == 77:
            when = time.strftime("%Y-%m-%d 11:30", time.gmtime(time.time() + 3 * 86400))
            status, said = b.ask("/api/desk/dispose", {"code": "CALLBK", "callback": when, "mine": True})
            assert status == 200 and said["callback"]["due"] and said["callback"]["zone"], said
            wait_for("ready", lambda: b.desk()["state"] == "ready", 5)
            assert b.ask("/api/desk/state/pause", {"reason": "LUNCH"})[0] == 200
            wait_for("the pause", lambda: b.desk()["pause"] == "LUNCH", 5)
            assert b.ask("/api/desk/state/ready", {})[0] == 200
        promised = box.query("SELECT c.wanted, c.mine, s.status, s.next_at, s.owner FROM callback c JOIN case_state s ON s.case_id=c.case_id")
        assert len(promised) == 1 and promised[0]["mine"] == 1 and promised[0]["status"] == 0 and promised[0]["owner"], promised
        assert promised[0]["wanted"] > time.time() * 1000 + 2 * 86400000, promised
        status, said = b.ask("/api/desk/state/pause", {"reason": "NOTHING"})
        assert status == 409 and "pause list" in said["error"], (status, said)
        box.cli("agent", "pause", "ana", "TRAIN")
        wait_for("the other pause", lambda: next(a["pause"] for a in box.status()["agents"] if a["name"] == "ana") == "TRAIN", 5)
        box.cli("agent", "pause", "ana", "MEET")  # another reason in the midst of a pause is another pause
        box.cli("agent", "ready", "ana")
        report = wait_for("the report", lambda: "MEET" in (t := box.cli("report", "pauses").stdout) and t, 5)
        assert "ana LUNCH" in report and "ana TRAIN" in report, report
        box.cli("pause", "add", "CAFE", "--name", "coffee", "--campaign", "test")
        assert box.cli("agent", "pause", "ana", "LUNCH", check=False).returncode == 1, "own reasons take the place of the field's"
        assert box.cli("agent", "pause", "ana", "CAFE").returncode == 0
        add_user(box, "eva.lopez", "--role", "supervisor")
        lead = Browser(box)
        assert lead.sign_in("eva.lopez")[0] == 200
        assert lead.ask("/api/pauses/test") == (200, {"pauses": [{"code": "CAFE", "name": "coffee", "own": True}]}), "a supervisor reads what it is for"
        assert lead.ask("/api/pauses/nobody")[0] == 409 and b.ask("/api/pauses/test")[0] == 403


def an_agent_calls_by_hand():
    """In manual mode nothing is dialed by itself. A paused agent calls a contact from the desk and is paused again afterwards; a number
    that is no contact becomes one where the campaign permits it; what the rules forbid is refused with its reason before anything rings."""
    with stage() as (box, trunk_port, actors, folder):
        from peers import Phone, tone
        customer, agent = Phone(trunk_port, sound=tone(400, 4000)), Phone(sound=tone(1000, 4000))
        actors += [customer, agent]
        box.start()
        codes = 'retry = (); dispositions = ( { digit = "1"; code = "SALE"; } );'
        box.campaign(mode="manual", wrapup_s=60, extra=codes + ' dial_by_hand = "any";')
        box.campaign(name="other", mode="progressive", extra=codes + ' dial_by_hand = "no";')
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}", campaign="test,other")
        add_user(box, "ana.lopez", "--role", "agent", "--agent", "ana")
        b = Browser(box)
        assert b.sign_in("ana.lopez")[0] == 200
        box.seats_up()
        box.contacts(PHONES[:3])
        box.cli("dnc", "add", "+" + PHONES[1], "--source", "letter")
        status, said = b.ask("/api/desk/dial", {"number": PHONES[0]})
        assert status == 409 and "not running" in said["error"], (status, said)
        box.cli("campaign", "start", "test")
        assert b.ask("/api/desk/state/pause", {})[0] == 200
        status, said = b.ask("/api/desk/dial", {"number": "+" + PHONES[0]})
        assert status == 200 and said["name"] == "Person 0" and not said["new"], (status, said)
        wait_for("the contact hears the agent", lambda: customer.hears(1000, 3000), 20)
        desk = wait_for("the desk shows the contact", lambda: (lambda d: d if d["state"] == "talking" else None)(b.desk()), 10)
        assert desk["call"]["name"] == "Person 0" and desk["by_hand"], desk
        status, said = b.ask("/api/desk/dial", {"number": PHONES[2]})
        assert status == 409, ("one at a time", status, said)
        customer.hang_up(customer.calls[0])
        wait_for("wrap-up", lambda: b.desk()["state"] == "wrapup", 10)
        assert b.ask("/api/desk/dispose", {"code": "SALE"})[0] == 200
        wait_for("paused as before", lambda: b.desk()["state"] == "paused", 10)
        for number, lang, word in ((PHONES[1], "en", "do-not-call"), (PHONES[0], "en", "finished"), ("12", "en", "number"),
                                   (PHONES[1], "es", "exclusi")):
            status, said = b.ask("/api/desk/dial", {"number": number, "lang": lang})
            assert status == 409 and (word in said["error"] or "finished" in said["error"] or "short" in said["error"]), (number, status, said)
        assert b.ask("/api/desk/dial", {"number": "--campaign"})[0] == 400
        r = box.cli("agent", "dial", "ana", "+" + PHONES[9], "--campaign", "other", check=False)
        assert r.returncode == 1 and "dial_by_hand" in r.stderr, r.stderr
        said = box.cli("agent", "dial", "ana", "+" + PHONES[9])
        assert "dialing" in said.stdout and "new contact" in said.stdout, said.stdout
        wait_for("a stranger hears the agent", lambda: len(customer.calls) == 2 and customer.hears(1000, 3000), 20)
        customer.hang_up(customer.calls[1])
        rows = wait_for("both are in the log", lambda: (lambda x: x if len(x) == 2 else None)(box.closed_rows()), 20)
        assert sorted(r["phone"] for r in rows) == sorted([PHONES[0], PHONES[9]]) and {r["outcome"] for r in rows} == {"connected"}, rows
        assert {r["agent"] for r in rows} == {"ana"} and {r["abandoned"] for r in rows} == {"0"}, rows


def an_agent_sees_a_contact_first_and_calls_or_skips_it():
    """Preview mode: the next contact is on the agent's screen and nothing is dialed. He skips the first with a reason, has the second dialed, the
    third leaves the screen when its number goes on a do-not-call list; where the campaign gives a time, the contact is dialed when it is over.
    In a real browser where there is one."""
    with stage() as (box, trunk_port, actors, folder):
        from peers import Phone, tone
        customer, ana, luis = Phone(trunk_port, sound=tone(400, 4000)), Phone(sound=tone(1000, 4000)), Phone(sound=tone(700, 4000))
        actors += [customer, ana, luis]
        box.start()
        codes = 'retry = (); dispositions = ( { digit = "1"; code = "SALE"; } );'
        box.campaign(mode="preview", wrapup_s=600, extra=codes + " skip_again_min = 30;")
        box.campaign(name="timed", mode="preview", wrapup_s=600, extra=codes + " preview_s = 2;")
        box.agent("ana", f"sip:ana@127.0.0.1:{ana.port}")
        add_user(box, "ana.lopez", "--role", "agent", "--agent", "ana")
        b = Browser(box)
        assert b.sign_in("ana.lopez")[0] == 200
        box.seats_up()
        r = box.cli("agent", "skip", "ana", "other", check=False)
        assert r.returncode == 1 and "no contact is shown" in r.stderr, r.stderr
        box.contacts(PHONES[:3])
        box.cli("campaign", "start", "test")
        seen = wait_for("the first contact on the screen", lambda: b.desk()["preview"], 20)
        assert seen["name"] == "Person 0" and seen["phone"] == "+" + PHONES[0] and seen["tries"] == 0 and seen["dials_at"] is None, seen
        assert PHONES[0] in (said := box.cli("desk", "show", "ana").stdout) and "agent accept" in said, said
        assert box.query("SELECT count(*) AS n FROM attempt")[0]["n"] == 0
        status, said = b.ask("/api/desk/preview/skip", {"contact": seen["contact"], "reason": "boredom"})
        assert status == 409 and "not_now" in said["error"], (status, said)
        status, said = b.ask("/api/desk/preview/dial", {"contact": "12345"})
        assert status == 409 and "another contact" in said["error"], (status, said)
        assert b.ask("/api/desk/preview/dial", {"contact": "--help"})[0] == 400
        r = None
        if (pathlib.Path(__file__).parent / "pages" / "node_modules").exists():
            r = subprocess.run(["node", str(pathlib.Path(__file__).parent / "pages" / "preview_test.mjs"), f"http://127.0.0.1:{box.http_port}/", "ana.lopez", SECRET],
                               capture_output=True, text=True, timeout=400)
            assert r.returncode in (0, 77), r.stdout + r.stderr
        if r is None or r.returncode == 77:
            assert b.ask("/api/desk/preview/skip", {"contact": seen["contact"], "reason": "spoken"})[0] == 200
            seen = wait_for("the second contact", lambda: (lambda p: p if p and p["name"] == "Person 1" else None)(b.desk()["preview"]), 20)
            assert b.ask("/api/desk/preview/dial", {"contact": seen["contact"]})[0] == 200
        wait_for("the second contact hears the agent", lambda: customer.hears(1000, 3000), 30)
        wait_for("the desk shows him as the call", lambda: (d := b.desk())["preview"] is None and d["call"] and d["call"]["name"] == "Person 1", 5)
        skipped = box.query("SELECT s.next_at, s.tries, v.at, v.next_at AS until, v.inputs FROM verdict v JOIN case_state s ON s.case_id=v.case_id"
                            " WHERE v.rule='lease.skipped'")
        assert len(skipped) == 1 and skipped[0]["next_at"] == skipped[0]["at"] + 1800000 == skipped[0]["until"] and skipped[0]["tries"] == 0, skipped
        assert json.loads(skipped[0]["inputs"])["skipped"] == "spoken", skipped
        customer.hang_up(customer.calls[0])
        wait_for("wrap-up", lambda: b.desk()["state"] == "wrapup", 20)
        assert b.ask("/api/desk/dispose", {"code": "SALE"})[0] == 200
        seen = wait_for("the third contact", lambda: b.desk()["preview"], 20)
        assert seen["name"] == "Person 2", seen
        box.cli("dnc", "add", seen["phone"], "--source", "letter")
        wait_for("it leaves the screen", lambda: b.desk()["preview"] is None, 20)
        box.agent("luis", f"sip:luis@127.0.0.1:{luis.port}", campaign="timed")
        box.contacts(PHONES[4:5], campaign="timed")
        box.cli("campaign", "start", "timed")
        wait_for("dialed by itself", lambda: len(customer.calls) == 2 and customer.hears(700, 3000), 40)
        customer.hang_up(customer.calls[1])
        rows = wait_for("both are in the log", lambda: (lambda x: x if len(x) == 2 else None)(box.closed_rows()), 30)
        assert sorted((r["phone"], r["agent"], r["outcome"]) for r in rows) == sorted(
            [(PHONES[1], "ana", "connected"), (PHONES[4], "luis", "connected")]), rows


def an_agent_rests_above_the_ceiling_of_occupancy():
    """Half of an agent's time at work may be talk and wrap-up: who had more rests before the next call. The desk, the supervisor's page and
    the commands say so; a pause ends it."""
    with stage() as (box, trunk_port, actors, folder):
        begun = time.monotonic()
        customer, call, agent, seat = one_talk(box, trunk_port, actors, wrapup_s=600, extra='retry = (); occupancy_pct = 50; dispositions = ( { digit = "1"; code = "SALE"; } );')
        idle = time.monotonic() - begun  # at most
        add_user(box, "ana.lopez", "--role", "agent", "--agent", "ana")
        b, talking = Browser(box), time.monotonic()
        assert b.sign_in("ana.lopez")[0] == 200
        assert b.desk()["rests_until"] is None
        customer.hang_up(call)
        wait_for("wrap-up", lambda: b.desk()["state"] == "wrapup", 20)
        time.sleep(max(0, talking + idle + 30 - time.monotonic()))  # so much more work than idleness: the rest is 30 s at least
        assert b.ask("/api/desk/dispose", {"code": "SALE"})[0] == 200
        desk = wait_for("the rest at the desk", lambda: (d := b.desk())["state"] == "ready" and d["rests_until"] and d, 20)
        assert desk["now"] < desk["rests_until"], desk
        assert wait_for("the supervisor's command", lambda: "ready, rests" in box.cli("status").stdout, 20)
        assert "ready, rests" in box.cli("agent", "list").stdout and "ready, rests" in box.cli("desk", "show", "ana").stdout
        assert next(a["rests_until"] for a in box.status()["agents"] if a["name"] == "ana")
        box.cli("agent", "pause", "ana")
        wait_for("a pause ends it", lambda: b.desk()["state"] == "paused" and b.desk()["rests_until"] is None, 20)


STORIES = [nobody_comes_in_without_a_password, an_agent_works_at_the_desk, a_promise_and_a_pause_at_the_desk, an_agent_calls_by_hand,
           an_agent_sees_a_contact_first_and_calls_or_skips_it, an_agent_rests_above_the_ceiling_of_occupancy]
