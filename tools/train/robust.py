#!/usr/bin/python3
"""How much the verdicts of the preset balanced change when the line does.

usage: robust.py --corpus DIR [--dump PROGRAM] [--every N]

Every call of DIR (people and machines) is heard over each line of vary.c; reported are the people kept and the machines found,
and how many points the former differ from the call as it is. Not random: same calls, same program, same figures.
"""
import argparse, csv, os, subprocess, tempfile


def number(text, unknown):
    try:
        return float(text)
    except ValueError:
        return unknown


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--corpus', required=True)
    p.add_argument('--dump', default='traits_dump')
    p.add_argument('--every', type=int, default=1, help='only every Nth call')
    a = p.parse_args()
    with open(os.path.join(a.corpus, 'manifest.csv')) as f:
        rows = [r for r in csv.DictReader(f) if r['label'] in ('human', 'machine')][::a.every]
    names = subprocess.run([a.dump, '--variations'], check=True, capture_output=True, text=True).stdout.splitlines()
    people = sum(r['label'] == 'human' for r in rows)
    print(f'{people} people, {len(rows) - people} machines')
    print(f'{"line":32} {"people kept":>12} {"change":>8} {"machines":>9}')
    with tempfile.TemporaryDirectory() as work:
        listing = os.path.join(work, 'files')
        with open(listing, 'w') as f:
            f.writelines(f"{os.path.join(a.corpus, r['file'])}\t{number(r['onset_ms'], -1)}\n" for r in rows)
        first = None
        for i, name in enumerate(names):
            said = [line.split()[0] for line in
                    subprocess.run([a.dump, '--verdicts', listing, str(i), '1'], check=True, capture_output=True, text=True).stdout.splitlines()]
            kept = 100 * sum(v in ('person', 'none') for v, r in zip(said, rows) if r['label'] == 'human') / people
            found = 100 * sum(v == 'machine' for v, r in zip(said, rows) if r['label'] == 'machine') / (len(rows) - people)
            first = kept if first is None else first
            print(f'{name:32} {kept:10.1f} % {kept - first:+8.1f} {found:7.1f} %', flush=True)


if __name__ == '__main__':
    main()
