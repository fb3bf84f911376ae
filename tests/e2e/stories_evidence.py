"""Stories of the evidence: checkpoints that leave the box by post, reports that are counted again, archives under a running floor."""
import csv
import http.server
import io
import json
import pathlib
import re
import subprocess
import sys
import threading
import zipfile

from harness import stage, wait_for
from peers import Phone

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Notary(http.server.BaseHTTPRequestHandler):
    """Takes what is posted; refuses the first three tries."""
    taken, refusals = [], 3

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if Notary.refusals > 0:
            Notary.refusals -= 1
            self.send_response(503)
        else:
            Notary.taken.append((int(self.headers["Cadencia-Checkpoint"]), body))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


def checkpoints_are_posted_in_order_and_witness_the_logs():
    """Each signed checkpoint is posted until the notary takes it, also after refusals; verify takes what the notary holds, and what
    the export says is what every report says."""
    notary = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notary)
    threading.Thread(target=notary.serve_forever, daemon=True).start()
    Notary.taken, Notary.refusals = [], 3
    extra = f'checkpoint_url = "http://127.0.0.1:{notary.server_port}/checkpoints"; checkpoint_rows = 10;'
    try:
        with stage(extra=extra) as (box, trunk_port, actors, folder):
            carrier, agent = Phone(trunk_port, sound=None, ring_s=0.2, talk_s=0.5), Phone(sound=None)
            actors += [carrier, agent]
            box.start()
            box.campaign(mode="progressive", wrapup_s=0, extra="retry = ();")
            box.agent("eva", f"sip:eva@127.0.0.1:{agent.port}")
            box.contacts([f"1202555{n:04d}" for n in range(110, 122)])
            box.cli("campaign", "start", "test")
            wait_for("twelve calls", lambda: len(box.closed_rows()) == 12, 90)
            wait_for("the notary has the newest", lambda: len(Notary.taken) >= 1, 90)
            for n in range(12):
                box.cli("dnc", "add", f"+1202555{n:04d}")
            wait_for("and those that came after it", lambda: len(Notary.taken) >= 2, 60)
            numbers = [n for n, _ in Notary.taken]
            assert numbers == sorted(set(numbers)), f"each once and in order: {numbers}"
            witness = folder / "witness.txt"
            witness.write_text(Notary.taken[-1][1])
            said = box.cli("verify", "--against", str(witness)).stdout
            assert "what the outside checkpoint signed is all here" in said, said
            forged = re.sub(r"\ncall \d+", "\ncall 9", Notary.taken[-1][1])
            witness.write_text(forged)
            assert box.cli("verify", "--against", str(witness), check=False).returncode == 1
            box.cli("campaign", "stop", "test")
            recount(box, folder)
            audit = box.cli("export", "audit", "--format", "jsonl").stdout
            assert '"export.calls"' in audit, "who took the calls is noted"
    finally:
        notary.shutdown()


def recount(box, folder):
    """Every report of the box against an independent count of its exported rows."""
    for kind in ("calls", "agents", "contacts", "campaigns", "callers"):
        (folder / f"{kind}.jsonl").write_text(box.cli("export", kind, "--format", "jsonl").stdout)
    for kind in ("outbound", "hourly", "best_time", "trunks", "numbers", "detector", "inbound", "agents", "pauses", "lists", "abandonment"):
        (folder / f"{kind}.json").write_text(box.cli("report", kind, "--json").stdout)
    for script in ("recount", "identities"):
        r = subprocess.run([sys.executable, "-B", str(ROOT / f"tests/support/{script}.py"), str(folder)], capture_output=True, text=True)
        assert r.returncode == 0, r.stdout + r.stderr


def dossier(box, folder, number, name):
    """The files of a number's dossier, each as its text."""
    box.cli("export", "dossier", "--number", number, "--out", str(folder / name))
    with zipfile.ZipFile(folder / name) as z:
        return {n: z.read(n).decode() for n in z.namelist() if n.endswith(".csv")}


def a_dossier_tells_one_persons_story_and_nothing_of_anybody_else():
    """Called for two sellers, opted out, blocked, erased, imported again: all of it is told; neighbours with the same last digits, and the
    other contacts of the same lists, are nowhere in it."""
    ana, second, others = "12125550111", "13125550199", ("13125550111", "12125550112", "14155550199", "12125550199")
    with stage(calls=20, calls_per_s=10) as (box, trunk_port, actors, folder):
        carrier, seat = Phone(trunk_port, refuse=(486, "Busy Here")), Phone()
        actors += [carrier, seat]
        box.start()
        for name in ("first", "second"):
            box.campaign(name, extra="retry = ();")
            rows = [f"{ana},{second},Ana Perez,A-1-{name}"] + [f"{n},,Neighbour{i},N-{i}-{name}" for i, n in enumerate(others)]
            (folder / f"{name}.csv").write_text("phone,phone2,name,id\n" + "\n".join(rows) + "\n")
            box.cli("import", "--campaign", name, str(folder / f"{name}.csv"))
        box.agent("a1", f"sip:a1@127.0.0.1:{seat.port}", campaign="first,second")
        box.seats_up()
        box.cli("campaign", "start", "first")
        wait_for("the first list is called", lambda: len(box.closed_rows()) >= len(others) + 1, 60)
        box.cli("dnc", "add", f"+{ana}", "--source", "letter of Ana")
        box.cli("dnc", "add", f"+{others[1]}", "--source", "somebody else")
        box.cli("campaign", "start", "second")
        wait_for("the second list is called", lambda: len([r for r in box.closed_rows() if r["campaign"] == "second"]) >= len(others) - 1, 60)
        calls = box.rows()
        hers = {r["attempt_id"] for r in calls if r["phone"] in (ana, second)}
        strangers = {r[k] for r in calls if r["phone"] not in (ana, second) for k in ("attempt_id", "contact_id")}
        assert hers and strangers
        told = dossier(box, folder, f"+{ana}", "before.zip")
        text = "\n".join(told.values())
        assert "Ana Perez" in text and ana in text and "letter of Ana" in text, told
        assert not [w for w in (*others, *strangers, "Neighbour", "somebody else") if w in text], told
        box.cli("person", "erase", "--number", f"+{second}", "--basis", "request 12", "--yes")
        again = box.cli("import", "--campaign", "second", "--json", str(folder / "second.csv"), check=False)
        assert json.loads(again.stdout)["reasons"].get("do_not_call", 0) >= 1, again.stdout
        for number, name in ((f"+{ana}", "after.zip"), (f"+{second}", "other.zip")):
            told = dossier(box, folder, number, name)
            text = "\n".join(told.values())
            assert "request 12" in told["person_erasures.csv"], told
            assert not [w for w in (*others, *strangers, ana, second, "Neighbour", "somebody else", "Ana Perez", "A-1-") if w in text], told
        told = dossier(box, folder, f"+{ana}", "last.zip")
        assert {r["attempt_id"] for r in csv.DictReader(io.StringIO(told["person_calls.csv"]))} == hers, told["person_calls.csv"]
        decisions = list(csv.DictReader(io.StringIO(told["person_decisions.csv"])))
        assert {"launch", "verdict"} <= {d["kind"] for d in decisions} and "gate.dnc" in {d["rule"] for d in decisions}, decisions
        assert "letter of Ana" in told["person_suppressed.csv"], told
        box.cli("verify")


STORIES = [checkpoints_are_posted_in_order_and_witness_the_logs, a_dossier_tells_one_persons_story_and_nothing_of_anybody_else]
