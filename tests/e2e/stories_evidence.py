"""Stories of the evidence: checkpoints that leave the box by post, reports that are counted again, archives under a running floor."""
import http.server
import pathlib
import re
import subprocess
import sys
import threading

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
    for kind in ("calls", "agents", "contacts", "campaigns"):
        (folder / f"{kind}.jsonl").write_text(box.cli("export", kind, "--format", "jsonl").stdout)
    for kind in ("outbound", "hourly", "best_time", "trunks", "numbers", "detector", "inbound", "agents", "pauses", "lists", "abandonment"):
        (folder / f"{kind}.json").write_text(box.cli("report", kind, "--json").stdout)
    for script in ("recount", "identities"):
        r = subprocess.run([sys.executable, "-B", str(ROOT / f"tests/support/{script}.py"), str(folder)], capture_output=True, text=True)
        assert r.returncode == 0, r.stdout + r.stderr


STORIES = [checkpoints_are_posted_in_order_and_witness_the_logs]
