#!/usr/bin/env python3
"""tools/bench pacing — our pacing beside progressive, fixed ratios and ViciDial's rules, in the same world: one run, one table.

Usage: tools/bench pacing [--scenarios steady-3,shock-10,...] [--days N] [--seed S] [--policies WORD,...] [--build DIR] [--json]

Every policy meets the same contacts, talks and breaks of the same seeds (cadencia simulate). Utilisation is talk and wrap-up with people
over the agents' time at work; lost: people who met nobody, hang-ups while waiting included, plus the estimate for screening; legal: the
worst day's abandoned calls over live answers. A policy whose log goes over the limit on any day is marked with "!": its utilisation is bought with abandoned calls.
At the end: CPU time of one decision of our pacer at 10 and 300 agents.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
POLICIES = ["ours", "progressive", "fixed:1.25", "fixed:1.5", "fixed:2", "fixed:3", "fixed:5", "vicidial:ratio,level=2", "vicidial:hard_limit",
            "vicidial:tapered", "vicidial:average", "vicidial:tapered,max=2,target=-1,available"]
SCENARIOS = ["steady-3", "cold-5", "shock-10", "breaks-20"]


def simulate(binary, scenario, policy, days, seed):
    out = subprocess.run([binary, "simulate", "--scenario", scenario, "--policy", policy, "--days", str(days), "--seed", str(seed), "--json"],
                         stdout=subprocess.PIPE, text=True, check=False)
    if out.returncode != 0:
        sys.exit(f"tools/bench pacing: cadencia simulate --scenario {scenario} --policy {policy} ended with {out.returncode}")
    r = json.loads(out.stdout)
    return {"scenario": scenario, "policy": policy, "days": days, "utilisation_pct": r["utilisation_bp"] / 100, "lost_pct": r["people_lost_pct"],
            "legal_worst_pct": r["legal_worst_pct"], "breach_days": r["breach_days"], "idle_s": r["idle_s"], "cpu_s": r["cpu_s"], "attempts": r["attempts"]}


def decisions(agents):
    with tempfile.TemporaryDirectory(prefix="cadencia-bench-") as folder:
        binary = pathlib.Path(folder) / "decide"
        engine = sorted(str(p) for p in (ROOT / "dialer" / "pacing").glob("*.c"))
        subprocess.run(["cc", "-O2", "-ffp-contract=off", "-D_GNU_SOURCE", f"-I{ROOT / 'include'}", f"-I{ROOT}", "-o", str(binary),
                        str(ROOT / "tools" / "bench.d" / "decide.c"), *engine, "-lm"], check=True)
        return [json.loads(subprocess.run([str(binary), str(n), "1800"], stdout=subprocess.PIPE, text=True, check=True).stdout) for n in agents]


def table(rows, scenarios, policies):
    width = max(len(p) for p in policies) + 2
    print(f"{'':{width}}" + "".join(f"{s:>24}" for s in scenarios))
    print(f"{'policy':{width}}" + "".join(f"{'util %  lost %  legal %':>24}" for _ in scenarios))
    for policy in policies:
        cells = []
        for s in scenarios:
            r = next(r for r in rows if r["scenario"] == s and r["policy"] == policy)
            cells.append(f"{r['utilisation_pct']:6.1f}  {r['lost_pct']:6.2f}  {r['legal_worst_pct']:6.2f}{'!' if r['breach_days'] else ' '}".rjust(24))
        print(f"{policy:{width}}" + "".join(cells))
    print("! over the limit on at least one day")


def main(argv):
    p = argparse.ArgumentParser(prog="tools/bench pacing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--scenarios", default=",".join(SCENARIOS))
    p.add_argument("--policies", help="separated by spaces, since rules hold commas", default=" ".join(POLICIES))
    p.add_argument("--days", type=int, default=3)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--build", default=str(ROOT / "build" / "release"))
    p.add_argument("--json", action="store_true")
    a = p.parse_args(argv)
    binary = str(pathlib.Path(a.build) / "cadencia")
    if not os.access(binary, os.X_OK):
        sys.exit(f"tools/bench: {binary} is not there; build it first: cmake --preset release && cmake --build --preset release")
    scenarios, policies, rows = a.scenarios.split(","), a.policies.split(), []
    for s in scenarios:
        for policy in policies:
            print(f"{s}: {policy} …", file=sys.stderr, flush=True)
            rows.append(simulate(binary, s, policy, a.days, a.seed))
    cost = decisions([10, 300])
    if a.json:
        print(json.dumps({"rows": rows, "decision": cost}, indent=2))
        return
    table(rows, scenarios, policies)
    for c in cost:
        print(f"one decision with {c['agents']} agents: mean {c['mean_us']} µs, p50 {c['p50_us']} µs, p99 {c['p99_us']} µs of CPU")


if __name__ == "__main__":
    main(sys.argv[1:])
