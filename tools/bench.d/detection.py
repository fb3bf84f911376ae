"""tools/bench detection — what detection gets right, beside the classic cadence detector, and what it costs.

Usage: tools/bench detection [--corpus DIR] [--preset P] [--build DIR] [--json]

  --corpus DIR  folder with manifest.csv (columns file,label,...) and 8 kHz 16-bit mono WAV files; labels human,
                machine, screening, fax, sit, busy, reorder, ringback, dialtone, dtmf, music, silence.
                Without it only the cost is measured.

The classic detector is written here from the published description of its rules: the mean of |sample| of a frame
against a fixed threshold, words and silences in ms, first rule that fits decides. It knows nothing of the product.
"""
import argparse
import array
import csv
import json
import math
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import wave

FRAME = 160  # 20 ms at 8 kHz


def classic(samples, initial_silence=2500, greeting=1500, after_greeting=800, total=5000, min_word=100, between_words=50, words_max=3,
            longest_word=5000, threshold=256):
    """('human' | 'machine' | 'notsure', ms) by the rules of the field's usual cadence detector, with its defaults."""
    in_word, in_greeting = True, False
    silence = voice = spoken = words = 0
    ms = 0
    for at in range(0, len(samples) - FRAME + 1, FRAME):
        ms += 20
        if ms >= total:
            return "notsure", ms
        loud = sum(map(abs, samples[at:at + FRAME])) / FRAME >= threshold
        if not loud:
            silence += 20
            if silence >= between_words:
                in_word, voice = False, 0
            if not in_greeting and silence >= initial_silence:
                return "machine", ms
            if in_greeting and silence >= after_greeting:
                return "human", ms
            continue
        voice += 20
        spoken += 20
        if voice >= min_word and not in_word:
            words += 1
            in_word = True
        if voice >= min_word:
            silence, in_greeting = 0, True
        if voice >= longest_word or words >= words_max or (in_greeting and spoken >= greeting):
            return "machine", ms
    return "notsure", ms


def read_wav(path):
    with wave.open(str(path), "rb") as w:
        if (w.getframerate(), w.getnchannels(), w.getsampwidth()) != (8000, 1, 2):
            raise ValueError("not 8 kHz mono 16-bit")
        return array.array("h", w.readframes(w.getnframes()))


def wilson(k, n):
    if n == 0:
        return None
    z, p = 1.96, k / n
    d, c, h = 1 + z * z / n, p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [round(100 * (c - h) / d, 1), round(100 * (c + h) / d, 1)]


def share(hits):
    k, n = sum(hits), len(hits)
    return {"k": k, "n": n, "pct": round(100 * k / n, 1) if n else None, "wilson_95": wilson(k, n)}


def score(rows, decisions):
    right = {"human": lambda d: d in ("human", "notsure"), "screening": lambda d: d in ("machine", "screening")}
    result = {}
    for label in sorted({r["label"] for r in rows}):
        test = right.get(label, lambda d, label=label: d == label)
        result[label] = share([test(decisions[r["file"]]) for r in rows if r["label"] == label and r["file"] in decisions])
    return result


def run_listen(binary, paths, *options):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([str(binary), "listen", "--csv", *options, *map(str, paths)], check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return list(csv.DictReader(out.splitlines())), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cost_us(binary, build):
    """µs of CPU for 20 ms of one channel, all detectors on: spoken greetings, over and over, above the start of the program."""
    voice = array.array("h")
    for path in sorted((pathlib.Path(build) / "share" / "greetings").glob("*.wav")):
        try:
            voice += read_wav(path)
        except (ValueError, wave.Error):
            continue
    if not voice:
        for i in range(8000 * 4):
            voice.append(int(6000 * math.sin(i * 0.2) * (i // 1600 % 2)))
    with tempfile.TemporaryDirectory() as folder:
        def write(name, seconds):
            path = pathlib.Path(folder) / name
            with wave.open(str(path), "wb") as w:
                w.setnchannels(1), w.setsampwidth(2), w.setframerate(8000)
                w.writeframes((voice * (8000 * seconds // len(voice) + 1))[:8000 * seconds].tobytes())
            return path
        long, short = write("long.wav", 590), write("short.wav", 10)
        best = min(run_listen(binary, [long])[1] - run_listen(binary, [short])[1] for _ in range(3))
    return round(1e6 * best / (580 * 50), 1)


def accuracy(binary, corpus, preset):
    with open(corpus / "manifest.csv", newline="") as f:
        rows = list(csv.DictReader(f))
    ours, _ = run_listen(binary, [corpus], "--preset", preset)
    decided = {r["file"]: r["decision"] for r in ours}
    theirs = {}
    for r in rows:
        try:
            theirs[r["file"]] = classic(read_wav(corpus / r["file"]))[0]
        except (OSError, ValueError, wave.Error):
            continue
    people = [r for r in rows if r["label"] in ("human", "machine", "screening", "music", "silence")]
    return {"files": len(decided), "cadencia": score(rows, decided), "classic": score(people, theirs)}


def main(argv, root):
    p = argparse.ArgumentParser(prog="tools/bench detection", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", type=pathlib.Path)
    p.add_argument("--preset", default="balanced")
    p.add_argument("--build", default=str(root / "build" / "release"))
    p.add_argument("--json", action="store_true")
    a = p.parse_args(argv)
    binary = pathlib.Path(a.build) / "cadencia"
    if not os.access(binary, os.X_OK):
        sys.exit(f"tools/bench: {binary} is not there; build it first: cmake --preset release && cmake --build --preset release")
    result = {"us_per_20ms_frame": cost_us(binary, a.build)}
    if a.corpus:
        if not (a.corpus / "manifest.csv").is_file():
            sys.exit(f"tools/bench: {a.corpus}/manifest.csv is not there; --corpus takes a folder of labelled WAV files")
        result.update(accuracy(binary, a.corpus, a.preset))
    if a.json:
        print(json.dumps(result, indent=2))
        return
    print(f"cost: {result['us_per_20ms_frame']} µs of CPU for 20 ms of one channel, all detectors on")
    if not a.corpus:
        return
    print(f"{result['files']} files of {a.corpus}, preset {a.preset}; people count as kept when undecided\n")
    print(f"{'label':12}{'cadencia':>22}{'95 %':>16}   {'classic detector':>22}{'95 %':>16}")
    for label, ours in result["cadencia"].items():
        line = f"{label:12}"
        for s in (ours, result["classic"].get(label)):
            line += f"{s['k']:>8} of {s['n']:<4} {s['pct']:5.1f}%{s['wilson_95'][0]:>9}-{s['wilson_95'][1]:<6}  " if s and s["n"] else ""
        print(line)
