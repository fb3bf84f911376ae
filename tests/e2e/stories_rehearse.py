"""Stories of the rehearsal with people of our own."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness import BINARY, LAUNCH, PATIENCE, free_port, sanitizer_env, sanitizer_reports

CALLEES = """phone,behaviour,ring_ms,answer_delay_ms,hangup_ms,sip_code
+12025550100,person,1500,300,,
+12025550101,person,2500,0,,
+12025550102,early_hangup,1000,,,
+12025550103,machine,1500,,,
+12025550104,busy,500,,,
+12025550105,no_answer,2000,,,480
+12025550106,sit,500,,,
+12025550107,fax,1000,,,
+12025550108,reject,700,,,
+12025550109,fail,700,,,503
"""


def rehearse(folder, *args, lang="C.UTF-8"):
    env = {**os.environ, "LANG": lang, "LC_ALL": lang, "TMPDIR": str(folder), **sanitizer_env(folder)}
    r = subprocess.run([*LAUNCH, BINARY, "rehearse", "--once", "--port", str(free_port()), *args], capture_output=True, text=True,
                       env=env, timeout=120 * PATIENCE)
    assert not sanitizer_reports(folder), sanitizer_reports(folder)
    return r


def in_a_folder(story):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cadencia-e2e-"))
    try:
        story(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def a_rehearsal_with_callees_of_ones_own_balances():
    """Ten contacts, one of every behaviour, and their callees in files of our own: the figures of the JSON hold their identities, each behaviour
    is counted where it belongs, and people reach agents."""
    def story(folder):
        (folder / "callees.csv").write_text(CALLEES)
        phones = re.findall(r"^\+(\d+)", CALLEES, re.M)
        (folder / "contacts.csv").write_text("phone,name\n" + "".join(f"+{p},Person {p[-2:]}\n" for p in phones))
        out = folder / "out.json"
        r = rehearse(folder, "--contacts", str(folder / "contacts.csv"), "--callees", str(folder / "callees.csv"), "--agents", "4", "--seconds", "120",
                     "--talk-ms", "1500-2500", "--state", str(folder / "state"), "--json", str(out))
        assert r.returncode == 0, (r.returncode, r.stdout[-3000:], r.stderr[-3000:])
        n = json.loads(out.read_text())
        assert n["attempts"] == n["log_rows"] == len(phones), n
        assert n["attempts"] == n["answered"] + n["no_answer"] + n["busy"] + n["failed"], n
        assert n["answered"] == n["people"] + n["machines"] + n["other"], n
        assert n["people"] == n["connected"] + n["abandoned"] + n["early_hangup"] + n["taken_for_machine"], n
        assert (n["people"], n["machines"], n["other"], n["busy"], n["no_answer"], n["failed"]) == (3, 1, 1, 1, 1, 3), n
        # Whom detection takes for what is judged elsewhere, by thousands: here, that nobody is counted twice or nowhere.
        # Who hangs up early may have an agent by then.
        assert n["machines_to_agents"] in (0, 1) and n["connected"] >= 1 and n["early_hangup"] in (0, 1) and n["taken_for_machine"] <= 1, n
        # who hangs up early, or a machine, may have been given to an agent just before, and then is a live answer of the log
        assert n["abandonment"]["num"] == n["abandoned"] == 0 and n["abandonment"]["den"] - n["connected"] in (0, 1, 2), n
        assert 0 <= n["connect_ms"]["p50"] <= n["connect_ms"]["p95"] <= 2000 * PATIENCE and 0 <= n["occupancy_bp"] <= 10000, n
        assert "Rehearsal" in r.stdout and "Nobody is called" in r.stdout, r.stdout[:500]

    in_a_folder(story)


def a_rehearsal_speaks_spanish():
    """With LANG=es_ES.UTF-8 the rehearsal tells everything in Spanish; its figures keep their names. A wrong callees file is refused with file and
    line, and nothing starts."""
    def story(folder):
        (folder / "callees.csv").write_text("phone,behaviour,ring_ms\n+12025550104,busy,300\n+12025550108,reject,300\n")
        out = folder / "out.json"
        r = rehearse(folder, "--callees", str(folder / "callees.csv"), "--agents", "1", "--seconds", "60", "--json", str(out), lang="es_ES.UTF-8")
        assert r.returncode == 0, (r.stdout, r.stderr)
        assert "No se llama a nadie" in r.stdout and not re.search(r"\b(Rehearsal|called|agents|answered)\b", r.stdout), r.stdout
        n = json.loads(out.read_text())
        assert (n["attempts"], n["busy"], n["failed"], n["answered"]) == (2, 1, 1, 0) and n["connect_ms"]["p50"] is None, n
        (folder / "wrong.csv").write_text("phone,behaviour\n+12025550104,busy\n+12025550105,dances\n")
        r = rehearse(folder, "--callees", str(folder / "wrong.csv"), "--json", str(folder / "none.json"))
        assert r.returncode != 0 and "wrong.csv:3" in r.stderr and not (folder / "none.json").exists(), (r.returncode, r.stderr)
        assert not [p for p in folder.iterdir() if p.name.startswith("cadencia-rehearse-")], "a folder is left behind"

    in_a_folder(story)


def a_rehearsal_names_the_simulation_of_the_same_floor():
    """Invented people who nearly all answer and talk for 2 to 3 s: the talks of the log are that long, whoever ends them, and the command that the last
    line names runs the same floor in virtual time from the records that were kept."""
    def story(folder):
        state = folder / "state"
        r = rehearse(folder, "--agents", "20", "--count", "60", "--answer", "90%", "--machines", "0", "--talk-ms", "2000-3000", "--wrapup-ms", "500-700",
                     "--state", str(state), "--json", str(folder / "out.json"))
        assert r.returncode == 0, (r.returncode, r.stdout[-3000:], r.stderr[-3000:])
        n = json.loads((folder / "out.json").read_text())
        assert n["people"] == 54 and n["machines"] == 0, n
        flags = re.search(r"cadencia (simulate --agents 20 --answer 90% --machines 0% --talk 2-3 --wrap 0.5-0.7 --hours \S+ --days 5)", r.stdout)
        replay = re.search(r"cadencia (simulate --replay rehearsal -c \S+ --hours \S+ --days 5)", r.stdout)
        assert flags and replay, r.stdout[-1500:]
        for words in (flags[1].split(), replay[1].split()):
            s = subprocess.run([*LAUNCH, BINARY, *words, "--json"], capture_output=True, text=True, env={**os.environ, **sanitizer_env(folder)},
                               timeout=120 * PATIENCE)
            assert s.returncode == 0 and not sanitizer_reports(folder), (words, s.stderr[-2000:])
            j = json.loads(s.stdout)
            assert j["agents"] == 20 and j["connected"] > 40, j
            talk = j["talk_ms"] / j["connected"]
            assert 1500 < talk < 3700 * PATIENCE, (words, talk)

    in_a_folder(story)


STORIES = [a_rehearsal_with_callees_of_ones_own_balances, a_rehearsal_speaks_spanish, a_rehearsal_names_the_simulation_of_the_same_floor]
