"""Stories of calls that may not be made: nothing leaves the box, and the records say why."""
import datetime
import json
import pathlib
import subprocess
import time
import zoneinfo

from harness import stage, wait_for
from peers import Phone, tone
from scene import PHONES, called
from stories_desk import SECRET, add_user

FORBIDDEN_LATER, FORBIDDEN_BEFORE, NOWHERE = "12025550111", "12025550112", "12025550113"


def called_numbers(customer):
    return {called(c) for c in list(customer.calls)}


def an_agent_waits(box, trunk_port, actors, campaigns=("test",), **phone):
    """A carrier, and an agent in each campaign: calls could be made."""
    customer = Phone(trunk_port, sound=tone(400, 4000), talk_s=1, **phone)
    actors.append(customer)
    for name in campaigns:
        agent = Phone(sound=tone(1000, 4000))
        actors.append(agent)
        box.agent(f"agent_{name}", f"sip:{name}@127.0.0.1:{agent.port}", campaign=name)
    box.seats_up(len(campaigns))
    return customer


def forbidden_numbers_never_reach_the_wire():
    """A number whose zone nobody knows, one on the do-not-call list before the import and one put there after it: the list says by line why the first
    two were not taken, the third is finished as do-not-call, the carrier sees only the one who may be called."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        customer = an_agent_waits(box, trunk_port, actors)
        box.cli("dnc", "add", f"+{FORBIDDEN_BEFORE}", "--source", "letter of 3 May")
        (folder / "list.csv").write_text(f"phone,timezone\n{FORBIDDEN_LATER},\n{NOWHERE},Mars/Olympus\n{FORBIDDEN_BEFORE},\n{PHONES[0]},\n")
        box.cli("import", "--campaign", "test", str(folder / "list.csv"))
        rejected = (folder / "list.csv.rejected.csv").read_text()
        assert "zone" in next(line for line in rejected.splitlines() if NOWHERE in line), rejected
        assert "do-not-call" in next(line for line in rejected.splitlines() if FORBIDDEN_BEFORE in line), rejected
        box.cli("dnc", "add", f"+{FORBIDDEN_LATER}", "--scope", "campaign:test")
        box.cli("campaign", "start", "test")
        wait_for("the one who may be called", lambda: box.closed_rows(), 20)
        wait_for("nobody is left", lambda: box.status()["records"]["contacts_waiting"] == 0, 10)
        time.sleep(2)
        assert called_numbers(customer) == {PHONES[0]}, called_numbers(customer)
        case = box.query("SELECT status, done_reason, tries FROM case_state WHERE phone=?", int(FORBIDDEN_LATER))[0]
        assert case["status"] == 2 and case["done_reason"] is not None and case["tries"] == 0, case
        assert [r["phone"] for r in box.rows()] == [PHONES[0]]


def attempts_to_a_number_are_counted_and_capped():
    """A busy number with a retry after one second and at most two attempts a day: two INVITEs, then the gate says attempt_cap with the next time,
    a day later; the records keep that decision, and nothing more goes out."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        box.campaign(mode="progressive", extra='attempts = { max = 2; window_h = 24; };\nretry = ( { outcome = "busy"; after_s = 1; tries = 9; } );')
        customer = an_agent_waits(box, trunk_port, actors, refuse=(486, "Busy Here"))
        box.contacts(PHONES[:1])
        box.cli("campaign", "start", "test")
        refusals = wait_for("the gate's refusal", lambda: box.query("SELECT * FROM decision WHERE allowed=0"), 30)
        assert refusals[0]["rule"] == "gate.attempt_cap", refusals
        assert 0 < refusals[0]["next_at"] - refusals[0]["at"] <= 86400_000, refusals
        time.sleep(3)
        assert len(customer.calls) == 2 and len(box.rows()) == 2, len(customer.calls)
        assert all(r["outcome"] == "busy" for r in box.rows())
        assert len(box.query("SELECT id FROM decision WHERE allowed=0")) == 1, "a refused contact waits for its time"
        status = box.status()["campaigns"][0]
        assert status["refused"] == 1 and status["attempts"] == 2, status


def minutes(t):
    return f"{t // 60:02d}:{t % 60:02d}"


def hours_hold_in_every_zone_of_a_number():
    """Hours that are over, or not yet begun, in the zone of a number: no call. A number that may lie in two zones (New York or Chicago) while only
    one of them is open: no call either. The neighbour in New York alone is called."""
    local = datetime.datetime.now(zoneinfo.ZoneInfo("America/New_York"))
    now = local.hour * 60 + local.minute
    closed = (now + 360, now + 480) if now + 480 <= 1440 else (now - 480, now - 360)
    opens, closes = (now - 30, 1440) if now >= 30 else (0, 1380)  # after midnight it is 23 h in Chicago
    if now > 1430:
        time.sleep((1441 - now) * 60)  # the last minutes of the day have no room for an open window
        return hours_hold_in_every_zone_of_a_number()
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        for name, (begin, end) in {"shut": closed, "split": (opens, closes)}.items():
            hours = f'hours = ( {{ days = "mon-sun"; open = "{minutes(begin)}"; close = "{minutes(end)}"; }} );'
            box.campaign(name, mode="progressive", hours=False, extra="retry = ();\n" + hours)
        customer = an_agent_waits(box, trunk_port, actors, campaigns=("shut", "split"))
        box.contacts(PHONES[:3], campaign="shut")
        box.contacts(["12195550120", "12125550121"], campaign="split")
        box.cli("campaign", "start", "shut")
        box.cli("campaign", "start", "split")
        wait_for("New York is called", lambda: box.closed_rows(), 20)
        time.sleep(3)
        assert called_numbers(customer) == {"12125550121"}, called_numbers(customer)
        waiting = {r["phone"]: r for r in box.query("SELECT phone, status, tries FROM case_state WHERE status=0")}
        assert set(waiting) == {int(p) for p in PHONES[:3]} | {12195550120} and not any(r["tries"] for r in waiting.values()), waiting
        assert {c["name"]: c["contacts_open"] for c in box.status()["campaigns"]} == {"shut": 3, "split": 1}


def a_british_campaign_is_counted_as_ofcom_counts():
    """Without screening four people answer, two agents have gone meanwhile: two are served, two hear the message. The account that governs the
    pace, the worksheet of the day and Ofcom's formula by hand say the same, also when an agent finds that his party was a machine."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        box.campaign(mode="progressive", wrapup_s=60, extra='retry = (); dispositions = ( { digit = "1"; code = "SALE"; }, { digit = "2"; code = "A"; } );')
        text = (folder / "test.conf").read_text().replace('country = "US"', 'country = "GB"').replace("+12025550100", "+442079460100")
        (folder / "gb.conf").write_text(text)
        box.cli("campaign", "create", "gb", "--from", str(folder / "gb.conf"))
        customer = Phone(trunk_port, sound=tone(400, 4000), ring_s=12)
        actors.append(customer)
        agents = ["ana", "berta", "carla", "dora"]
        for name in agents:
            phone = Phone(sound=tone(1000, 4000))
            actors.append(phone)
            box.agent(name, f"sip:{name}@127.0.0.1:{phone.port}", campaign="gb")
        box.seats_up(4)
        path = folder / "gb.csv"
        path.write_text("phone\n" + "".join(f"+4420794601{n:02d}\n" for n in range(4)))
        box.cli("import", "--campaign", "gb", str(path))
        box.cli("campaign", "start", "gb")
        wait_for("four phones ring", lambda: len(customer.calls) == 4, 30)
        for name in agents[:2]:
            box.cli("agent", "pause", name)
        wait_for("two hear the message", lambda: box.status()["campaigns"][1]["abandonment"]["num"] == 2, 60)
        for call in list(customer.calls):
            if call["state"] == "up":
                customer.hang_up(call)
        rows = wait_for("all four are in the log", lambda: (lambda x: x if len(x) == 4 else None)(box.closed_rows()), 30)
        drops, served = sum(r["abandoned"] == "1" for r in rows), [r["agent"] for r in rows if r["outcome"] == "connected"]
        assert drops == 2 and len(served) == 2, rows

        def sheet():
            found = json.loads(box.cli("report", "abandonment", "--campaign", "gb", "--json").stdout)
            return next(line for line in found["lines"] if line["rule"] == "UK_OFCOM_2015")

        def agree(h, am):
            line, b = sheet(), box.status()["campaigns"][1]["budget"]
            if line["agent_machines"] != am or b is None or (b["abandoned"], b["live"]) != (drops, h + am + drops):
                return None
            d = drops * h / (h + am)  # Ofcom, 2015: the drops less the share of machines among those whom agents met
            assert abs(line["num"] / line["den"] - d / (h + d)) < 1e-9 and abs(b["abandoned"] / b["live"] - d / (h + d)) < 1e-9, (line, b)
            assert b["window"] == "day" and b["limit_bp"] == line["limit_bp"] == 300 and not line["within"], (line, b)
            assert abs(b["credit_milli"] - line["credit_milli"]) <= 1, (line, b)
            return True

        wait_for("account and worksheet agree", lambda: agree(2, 0), 20)
        box.cli("dispose", served[0], "A")
        wait_for("and when one was a machine", lambda: agree(1, 1), 20)


def a_registry_that_grows_too_old_ends_the_dialing_and_says_so():
    """A sales campaign of Argentina needs the register No Llame. Without it nothing starts; with a fresh one the neighbour is called and who stands on it is
    not; when the file in force is older than the rule permits, the running campaign calls nobody and says why, also on the
    live page in a real browser where there is one."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        box.campaign("plain")
        text = (folder / "plain.conf").read_text().replace('country = "US"', 'country = "AR"').replace('"survey"', '"telemarketing"')
        (folder / "ar.conf").write_text(text.replace('mode = "ratio"', 'mode = "progressive"') + "retry = ();\n")
        box.cli("campaign", "create", "ar", "--from", str(folder / "ar.conf"))
        customer = an_agent_waits(box, trunk_port, actors, campaigns=("ar",))
        first, listed, later = (f"549114567{n:04d}" for n in (1, 2, 3))

        def load(age_days):
            day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=age_days)
            (folder / "no_llame.txt").write_text(f"+{listed}\n")
            box.cli("dnc", "load", str(folder / "no_llame.txt"), "--registry", "NO-LLAME", "--date", day.isoformat(), "--country", "AR")

        def bring(*numbers):
            (folder / "list.csv").write_text("phone\n" + "".join(f"+{n}\n" for n in numbers))
            box.cli("import", "--campaign", "ar", str(folder / "list.csv"))

        def refused(number):
            found = box.query("SELECT rule, inputs FROM decision WHERE phone=? AND allowed=0", int(number))
            return found and (found[0]["rule"], json.loads(found[0]["inputs"]).get("saw"))

        said = box.cli("campaign", "start", "ar", check=False)
        assert said.returncode == 1 and "NO-LLAME is not loaded (AR-NOLLAME)" in said.stderr, said.stderr
        load(2)
        bring(first, listed)
        box.cli("campaign", "start", "ar")
        wait_for("the one who may be called", lambda: first in called_numbers(customer), 30)
        assert wait_for("the registry's no", lambda: refused(listed), 30) [0] == "AR-NOLLAME"
        assert refused(listed)[1].endswith("of 30 days old: on it"), refused(listed)
        load(31)
        bring(later)
        assert wait_for("the old file's no", lambda: refused(later), 30) [0] == "AR-NOLLAME"
        assert refused(later)[1].endswith("of 30 days old: not on it"), refused(later)
        assert called_numbers(customer) == {first}, called_numbers(customer)
        said = box.cli("why", "campaign", "ar").stdout
        assert "the registry NO-LLAME is 3" in said and "30 are the limit" in said, said
        if (pathlib.Path(__file__).parent / "pages" / "node_modules").exists():
            add_user(box, "maria", "--role", "supervisor")
            r = subprocess.run(["node", str(pathlib.Path(__file__).parent / "pages" / "ask_test.mjs"), f"http://127.0.0.1:{box.http_port}/", "maria", SECRET,
                                f"+{later}", "ar", "AR-NOLLAME"], capture_output=True, text=True, timeout=400)
            assert r.returncode in (0, 77), r.stdout + r.stderr


STORIES = [forbidden_numbers_never_reach_the_wire, attempts_to_a_number_are_counted_and_capped, hours_hold_in_every_zone_of_a_number, a_british_campaign_is_counted_as_ofcom_counts,
           a_registry_that_grows_too_old_ends_the_dialing_and_says_so]
