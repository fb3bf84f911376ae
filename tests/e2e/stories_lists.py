"""Stories of a campaign manager: lists that are no lists, lists that are ugly, a number that may not be called any more, and why."""
import hashlib
import os
import time
import zipfile

from harness import stage, wait_for
from peers import Phone, tone
from scene import PHONES, called
from stories_desk import SECRET, Browser, add_user

TABLES = ("person", "phone", "work_case", "case_state", "case_number", "list", "bucket")


def contents(box):
    total = hashlib.sha256()
    for table in TABLES:
        for row in box.query(f"SELECT * FROM {table} ORDER BY 1, 2"):
            total.update(repr(sorted(row.items())).encode())
    return total.hexdigest()


def files_that_are_no_lists_are_refused_by_name():
    """Bytes of a program, a row that never ends, a quote that never closes, UTF-16, a zip, an empty file: each is refused with words that say what it
    is, and nothing of it is written. CADENCIA_LINE_MB sets how long the endless row is (8; 1000 makes a gigabyte)."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        box.campaign()
        before = contents(box)
        good = "phone,name\n" + "".join(f"{p},A\n" for p in PHONES[:3])
        files = {"program.csv": (os.urandom(4096) + b"\0" * 64, "binary"), "utf16.csv": (good.encode("utf-16"), "UTF-16"),
                 "quote.csv": ((good + '12025550199,"never closed\n' + "12025550198,B\n" * 50).encode(), "quote"), "empty.csv": (b"", "empty"),
                 "nul.csv": (good.encode() * 3000 + b"1202\0", "NUL"), "no_phone.csv": (b"colour,size\nred,9\n", "phone column")}
        for name, (data, word) in files.items():
            (folder / name).write_bytes(data)
            r = box.cli("import", "--campaign", "test", str(folder / name), check=False)
            assert r.returncode == 1 and word.lower() in r.stderr.lower(), (name, r.returncode, r.stderr)
            assert not (folder / f"{name}.rejected.csv").exists(), f"{name} left a reject file"
        with zipfile.ZipFile(folder / "zip.csv", "w") as z:
            z.writestr("list.csv", good)
        r = box.cli("import", "--campaign", "test", str(folder / "zip.csv"), check=False)
        assert r.returncode == 1 and "zip" in r.stderr, r.stderr
        with open(folder / "endless.csv", "wb") as out:
            out.write(good.encode())
            for _ in range(int(os.environ.get("CADENCIA_LINE_MB", "8"))):
                out.write(b"x" * (1 << 20))
        began = time.monotonic()
        r = box.cli("import", "--campaign", "test", str(folder / "endless.csv"), check=False)
        assert r.returncode == 1 and "64 kB" in r.stderr and "line 5" in r.stderr, r.stderr
        assert time.monotonic() - began < 20, "a row of any length is refused at once"
        assert contents(box) == before, "something of a refused file was written"


def an_ugly_list_is_understood_taken_back_and_explained():
    """A list as it comes: semicolons, Windows-1252, a title with an accent, numbers in every spelling, spoiled ones, formulas, a status of the old
    system, a consent with its date. The preview writes nothing; the reject file says line and reason and holds no formula; undo leaves the tables as they were;
    why explains a contact and the campaign, also on the page, in Spanish."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        box.campaign()
        before = contents(box)
        rows = ["Nombre;Teléfono;Teléfono 2;C.P.;Estado;Saldo;Consentimiento;Fecha consentimiento", 'Núñez, "Pepe";(202) 555-0142;+1 202 555 0143;20001;DC;12,50;si;05/02/2026',
                "=CMD();202.555.0144;;33101;FL;1;;", "Zoë;2,02555E+09;;;;;;", "Ana;555;;;;;;", "Ana;202 555 0142;;;;;;", "Luis;+1 (212) 555-0150 ext 7;;;;;;",
                "Eva;;;;;;;", "Iván;n/a;;;;;;", "@SUM(A1);202555014;;;;;;"]
        (folder / "ugly.csv").write_bytes("\r\n".join(rows).encode("cp1252") + b"\r\n")
        said = box.cli("import", "--campaign", "test", "--preview", str(folder / "ugly.csv")).stdout
        assert "2 would be accepted" in said and "Nothing was written" in said, said
        assert contents(box) == before
        box.cli("import", "--campaign", "test", str(folder / "ugly.csv"))
        rejected = (folder / "ugly.csv.rejected.csv").read_text("utf-8-sig")
        for line, word in ((4, "scientific"), (5, "short"), (6, "duplicate"), (7, "extension"), (8, "empty"), (9, "letters"), (10, "short")):
            assert any(r.startswith(f"{line};") for r in rejected.splitlines()), (line, rejected)
        assert not any(cell.lstrip('"').startswith(("=", "+", "-", "@")) for r in rejected.splitlines() for cell in r.split(";")), rejected
        assert box.query("SELECT count(*) AS n FROM consent")[0]["n"] == 2, "a consent for each number of the row"
        names = {r["name"] for r in box.query("SELECT name FROM person")}
        assert 'Núñez, "Pepe"' in names, names
        why = box.cli("why", "contact", "+12025550144", "--campaign", "test").stdout
        assert "US-FL" in why and "US-DC" in why, why
        assert "2 contacts" in box.cli("why", "campaign", "test").stdout
        add_user(box, "maria", "--role", "supervisor")
        boss, stranger = Browser(box), Browser(box)
        assert boss.sign_in("maria")[0] == 200
        assert stranger.ask("/api/why/campaign", {"campaign": "test"})[0] == 401
        status, w = boss.ask("/api/why/contact", {"campaign": "test", "number": "+1 202 555 0144", "lang": "es"})
        assert status == 200 and w["phone"] == "+12025550144" and w["rules"] and "US-FL" in w["regions"], (status, w)
        status, w = boss.ask("/api/why/campaign", {"campaign": "test", "lang": "es"})
        assert status == 200 and w["contacts"] == 2 and len(w["hours"]) == 24, (status, w)
        for bad in ({"number": "--config=/etc/passwd"}, {"number": "-1"}, {"number": "<b>1</b>"}, {}, {"number": "+12025550144", "campaign": "--json"}):
            assert boss.ask("/api/why/contact", bad)[0] == 400, bad
        job = box.cli("import", "list").stdout.splitlines()[-1].split()[0]
        box.cli("import", "undo", job)
        assert contents(box) == before, "undo left something behind"


def a_number_that_opts_out_is_dropped_within_a_second_also_when_it_is_leased():
    """Contacts are leased and wait for an agent who is busy with a long talk; one of them is put on the do-not-call list. A second later the floor holds
    it no more, and when the agent is free the neighbour is called, never that number."""
    with stage() as (box, trunk_port, actors, folder):
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        customer, agent = Phone(trunk_port, sound=tone(400, 9000)), Phone(sound=tone(1000, 9000))
        actors += [customer, agent]
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.seats_up(1)
        box.contacts(PHONES[:3])
        box.cli("campaign", "start", "test")
        first = wait_for("the first call", lambda: list(customer.calls), 20)
        assert called(first[0]) == PHONES[0]
        talk = wait_for("their talk", lambda: customer.hears(1000, 3000), 20)
        box.cli("dnc", "add", f"+{PHONES[1]}", "--source", "letter")
        wait_for("it is finished", lambda: box.query("SELECT status FROM case_state WHERE phone=?", int(PHONES[1]))[0]["status"] == 2, 1)
        customer.hang_up(talk)
        wait_for("the neighbour is called", lambda: any(called(c) == PHONES[2] for c in list(customer.calls)), 30)
        assert not any(called(c) == PHONES[1] for c in list(customer.calls))


STORIES = [files_that_are_no_lists_are_refused_by_name, an_ugly_list_is_understood_taken_back_and_explained,
           a_number_that_opts_out_is_dropped_within_a_second_also_when_it_is_leased]
