"""tools/bench same-verdict — does the daemon hear what `cadencia listen` hears?

Usage: tools/bench same-verdict --corpus DIR [--count N] [--agents N] [--build DIR] [--json]

  --corpus DIR  folder with manifest.csv (columns file,label,...) and 8 kHz WAV files
  --count N     so many calls, spread over the folder; default 240

`cadencia rehearse` with callees who play these files over real RTP, half of them in each law of G.711; then
`cadencia listen --law` over the same files. Prints every call whose verdict, or its reason, differs.
"""
import argparse
import csv
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

AREAS = (202, 212, 215, 216, 301, 302, 305, 312, 404, 412)  # a hundred numbers for fiction in each
LAWS = ("pcmu", "pcma")
# verdicts of the records (include/cadencia/names.h) and the words of listen
WORDS = {"human": "person", "machine": "machine", "silence": "dead_air", "busy": "busy_tone", "reorder": "busy_tone", "sit": "sit", "fax": "fax",
         "screening": "screening"}
# what listen calls the tone, where the records give a reason
TONES = {"busy": "busy_tone", "reorder": "busy_tone", "fax_cng": "fax_tone", "fax_ced": "fax_tone", "fax_v21": "fax_tone", "sit": "sit_tone"}


def choose(corpus, count):
    with open(corpus / "manifest.csv", newline="") as f:
        rows = [r["file"] for r in csv.DictReader(f)]
    rows = [r for r in rows if r.endswith(".wav")]
    step = max(1.0, len(rows) / count)
    return [rows[int(i * step)] for i in range(min(count, len(rows)))]


def rehearse(binary, corpus, files, folder, agents):
    phones = {}
    with open(folder / "callees.csv", "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(("phone", "behaviour", "wav", "ring_ms", "hangup_ms", "codec"))
        for i, name in enumerate(files):
            phone = f"1{AREAS[i // 100 % len(AREAS)]}55501{i % 100:02}"
            phones[int(phone)] = (name, LAWS[i % 2])
            out.writerow((f"+{phone}", "machine" if i % 3 else "person", (corpus / name).resolve(), 1000, 25000, LAWS[i % 2]))
    (folder / "contacts.csv").write_text("phone,name\n" + "".join(f"+{p},Somebody\n" for p in phones))
    r = subprocess.run([str(binary), "rehearse", "--once", "--callees", folder / "callees.csv", "--contacts", folder / "contacts.csv", "--agents", str(agents),
                        "--talk-ms", "1000-2000", "--details", folder / "details.csv", "--state", folder / "state"], capture_output=True, text=True)
    if r.returncode:
        sys.exit(r.stdout[-2000:] + r.stderr[-2000:])
    with open(folder / "details.csv", newline="") as f:
        said = {int(d["attempt"]): (d["verdict"], d["reason"]) for d in csv.DictReader(f)}
    database = next((folder / "state").rglob("*.db"))
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        return {phones[p]: said[a] for a, p in db.execute("SELECT id, phone FROM attempt") if a in said}


def listen(binary, corpus, files, preset):
    said = {}
    for law in LAWS:
        paths = [str(corpus / name) for i, name in enumerate(files) if LAWS[i % 2] == law]
        out = subprocess.run([str(binary), "listen", "--csv", "--preset", preset, "--law", law, *paths], check=True, capture_output=True, text=True).stdout
        for name, row in zip((n for i, n in enumerate(files) if LAWS[i % 2] == law), csv.DictReader(out.splitlines())):
            said[(name, law)] = (WORDS.get(row["decision"], row["decision"]), TONES.get(row["reason"], row["reason"]), row["decision_time_ms"])
    return said


def main(argv, root):
    p = argparse.ArgumentParser(prog="tools/bench same-verdict", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", type=pathlib.Path, required=True)
    p.add_argument("--count", type=int, default=240)
    p.add_argument("--agents", type=int, default=40)
    p.add_argument("--build", default=str(root / "build" / "release"))
    p.add_argument("--json", action="store_true")
    a = p.parse_args(argv)
    binary = pathlib.Path(a.build) / "cadencia"
    if not (a.corpus / "manifest.csv").is_file() or not os.access(binary, os.X_OK):
        sys.exit(f"tools/bench: {a.corpus}/manifest.csv and {binary} must be there")
    files = choose(a.corpus, min(a.count, 100 * len(AREAS)))
    began = os.times()
    with tempfile.TemporaryDirectory(prefix="cadencia-same-") as folder:
        daemon = rehearse(binary, a.corpus, files, pathlib.Path(folder), a.agents)
    bare = listen(binary, a.corpus, files, "balanced")
    differ = {k: (daemon.get(k), bare[k]) for k in bare if k in daemon and daemon[k][0] != bare[k][0] and bare[k][0] in set(WORDS.values())}
    reasons = [k for k in bare if k in daemon and k not in differ and daemon[k][1] != bare[k][1] and bare[k][0] == daemon[k][0]]
    result = {"calls": len(bare), "answered": len(daemon), "verdict_differs": len(differ), "reason_differs": len(reasons),
              "load": os.getloadavg()[0], "seconds": round(os.times().elapsed - began.elapsed, 1)}
    if a.json:
        print(json.dumps({**result, "differ": [[*k, *v] for k, v in differ.items()]}, indent=2))
        return
    for k in reasons:
        print(f"reason differs: {k[0]} in {k[1]}: the daemon said {' '.join(daemon[k])}, listen said {' '.join(bare[k])} ms")
    for k, (d, b) in differ.items():
        print(f"verdict differs: {k[0]} in {k[1]}: the daemon said {' '.join(d)}, listen said {' '.join(b)} ms")
    print("{calls} calls, {answered} answered; {verdict_differs} verdicts and {reason_differs} more reasons differ; {seconds} s at load {load:.1f}".format(**result))
