#!/usr/bin/env python3
"""A list as it comes from a customer, with a known share of bad rows of every kind.

usage: tests/support/make_list.py ROWS [--bad 0.05] [--seed 1] [--dnc FILE] [--alternates 0.2] > list.csv

Prints to standard error, as JSON, how many rows of each kind there are: the counts that an import must come to. With
--dnc the numbers that stand for do-not-call rows go to FILE, one a line. Numbers are unique, possible and of real area
codes (etc/numbering); the same arguments make the same file.
"""
import argparse
import json
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIRST = "Ana Luis Marta José Carmen Pedro Lucía Iván Noa Eva John Mary Peter Susan Zoë Renée Bjørn".split()
LAST = "García Pérez Muñoz O'Brien Smith Johnson Núñez Castillo Müller Ruiz Lee Brown Iglesias".split()


def area_codes():
    rows = (line.split(",")[0] for line in (ROOT / "etc/numbering/prefix_zones.csv").read_text().splitlines())
    skip = {"1242", "1246", "1264", "1268", "1284", "1340", "1345", "1441", "1473", "1649", "1658", "1664", "1670", "1671", "1684", "1721",
            "1758", "1767", "1784", "1868", "1869", "1876"}  # islands: other countries' rules
    return [r[1:] for r in rows if len(r) == 4 and r[0] == "1" and r.isdigit() and r not in skip]


class Numbers:
    """The n-th number: unique, spread over area codes and exchanges."""

    def __init__(self):
        self.areas, self.used = area_codes(), 0

    def next(self):
        i, self.used = self.used, self.used + 1
        area, i = self.areas[i % len(self.areas)], i // len(self.areas)
        line, exchange = i % 10000, 200 + (i // 10000) % 800
        return f"{area}{exchange if exchange % 100 != 11 else exchange + 1}{line:04d}" if exchange != 911 else f"{area}912{line:04d}"


# kind: what stands in the phone cell of a good number n, and whether the row gets further cells
KINDS = {
    "phone_empty": lambda n, r: "",
    "not_a_number": lambda n, r: r.choice(["n/a", "unknown", "see notes", "-"]),
    "scientific_notation": lambda n, r: f'"{n[0]},{n[1:5]}E+09"',
    "extension": lambda n, r: f"{n} x{r.randrange(1, 999)}",
    "several_numbers": lambda n, r: f'"{n};{n[:9]}0"',
    "too_short": lambda n, r: n[:r.randrange(5, 8)],
    "too_long": lambda n, r: n + "12",
    "not_possible": lambda n, r: "1" + n[1:3] + "1" + n[4:] if r.random() < 0.5 else n[:3] + "0" + n[4:],
    "country_unknown": lambda n, r: f"+999{n}",
    "cells": lambda n, r: n,
    "duplicate_in_file": None,
    "do_not_call": lambda n, r: n,
    "zone_wrong": lambda n, r: n,
    "consent_missing": lambda n, r: n,
}


def write_list(out, rows, bad=0.05, seed=1, dnc=None, alternates=0.2):
    r, numbers, counts, recent = random.Random(seed), Numbers(), {"good": 0}, []
    kinds = list(KINDS)
    out.write("phone,alt_phone,first_name,last_name,customer_id,zone,consent,balance,notes\n")
    for i in range(rows):
        n = numbers.next()
        kind = kinds[r.randrange(len(kinds))] if r.random() < bad and recent else None
        phone, zone, consent, tail = n, "", "web form 2026-05-01", ""
        if kind == "duplicate_in_file":
            phone = r.choice(recent)
        elif kind:
            phone = KINDS[kind](n, r)
            zone = "Mars/Olympus" if kind == "zone_wrong" else ""
            consent = r.choice(["", "no"]) if kind == "consent_missing" else consent
            tail = ",too,many" if kind == "cells" else ""
            if kind == "do_not_call" and dnc is not None:
                dnc.write(f"1{n}\n")
        else:
            phone = (n, f"+1{n}", f"({n[:3]}) {n[3:6]}-{n[6:]}", f"{n[:3]}-{n[3:6]}-{n[6:]}")[r.randrange(4)]
            if len(recent) < 1000 or r.random() < 0.01:
                recent[len(recent) % 1000:len(recent) % 1000 + 1] = [n]
        second = numbers.next() if kind is None and r.random() < alternates else ""
        counts[kind or "good"] = counts.get(kind or "good", 0) + 1
        out.write(f"{phone},{second},{r.choice(FIRST)},{r.choice(LAST)},C{i:07d},{zone},{consent},{r.randrange(1, 500000) / 100:.2f},row {i}{tail}\n")
    return counts


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("rows", type=int)
    p.add_argument("--bad", type=float, default=0.05)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--dnc")
    p.add_argument("--alternates", type=float, default=0.2)
    a = p.parse_args()
    dnc = open(a.dnc, "w", encoding="utf-8") if a.dnc else None
    counts = write_list(sys.stdout, a.rows, a.bad, a.seed, dnc, a.alternates)
    json.dump(counts, sys.stderr)
    sys.stderr.write("\n")


if __name__ == "__main__":
    main()
