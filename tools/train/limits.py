#!/usr/bin/python3
"""Searches the limits of a preset (dsp/judge.c) on calls whose voice the model never heard.

usage: limits.py --corpus DIR [--corpus DIR] [--dump PROGRAM] [--median MS] [--p95 MS] [--people SHARE] [--steps N]

Starts from the preset balanced as the engine has it and looks for the limits that find the most machines while people are kept and
released as asked, and still are when everybody's first word comes after a random delay that says nothing. Prints what it found;
a person copies it into the table of dsp/judge.c. Seeded: same calls, same steps, same limits.
"""
import argparse, tempfile
import calls, forest, policy
import numpy as np

WORST_KIND, TYPICAL, UNDECIDED = 0.912, 0.9905, 0.008
STRESS_MEDIAN_MS, STRESS_PEOPLE = 600, 0.972
TALKING, HOLD, AT_HOLD, AT_CAP, ALL = range(9, 14)


def over(value, limit, scale, weight):
    return weight * max(0.0, value - limit) / scale


def cost(play, stress, p, a):
    s, t = play.score(p), stress.score(p)
    return (-100 * s['machines'] - 25 * s['late'] + over(a.people, s['recall'], .001, .8) + over(WORST_KIND, s['worst'], .005, .5)
            + over(s['median'], a.median, 10, .7) + over(s['p95'], a.p95, 30, .5) + over(s['undecided'], UNDECIDED, .001, .5)
            + over(TYPICAL, s['typical'], .001, .8) + over(t['median'], STRESS_MEDIAN_MS, 20, .5) + over(STRESS_PEOPLE, t['recall'], .001, .4))


def changed(p, dice, spread):
    q = dict(p, limits=p['limits'].copy())
    for _ in range(dice.integers(1, 3)):
        what = dice.integers(0, ALL + 2)
        if what < len(q['limits']):
            q['limits'][what] += dice.normal() * .06 * spread
        elif what == TALKING:
            q['talking'] = float(np.clip(q['talking'] + dice.normal() * .02, .5, .999))
        elif what == HOLD:
            q['hold_ms'] = float(np.clip(q['hold_ms'] + dice.integers(-3, 4) * 50, 1000, 1850))
        elif what == AT_HOLD:
            q['at_hold'] = float(np.clip(q['at_hold'] + dice.normal() * .05, .2, .99))
        elif what == AT_CAP:
            q['at_cap'] = float(np.clip(q['at_cap'] + dice.normal() * .05, .2, .99))
        else:
            q['limits'] += dice.normal() * .04
    q['limits'] = np.maximum.accumulate(np.clip(q['limits'], 0, 1))
    return q


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--corpus', required=True, action='append')
    p.add_argument('--dump', default='traits_dump')
    p.add_argument('--median', type=float, default=425)
    p.add_argument('--p95', type=float, default=1620)
    p.add_argument('--people', type=float, default=0.98)
    p.add_argument('--steps', type=int, default=800)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as work:
        data = calls.Calls(a.corpus, a.dump, work, forest.VARIATIONS)
    logit, delay = forest.validate(data, data.column('voice'), 3)
    dice = np.random.default_rng(forest.SEED)
    table = forest.delay_table(data, np.ones(len(data.rows), bool))
    anyhow = np.interp(dice.uniform(300, 1600, len(data.rows)), table[:, 0], table[:, 1])
    play, stress = policy.Play(data, logit, delay), policy.Play(data, logit, anyhow)
    best = policy.presets(a.dump)['balanced']
    least = cost(play, stress, best, a)
    for step in range(a.steps):
        q = changed(best, dice, 1.0 if step < a.steps / 2 else 0.4)
        c = cost(play, stress, q, a)
        if c <= least:
            best, least = q, c
    print({k: np.round(v, 3).tolist() for k, v in best.items()})
    for name, s in (('as it is', play.score(best)), ('delays at random', stress.score(best))):
        print(name, ', '.join(f'{k} {v:.3f}' for k, v in s.items() if not isinstance(v, dict)))


if __name__ == '__main__':
    main()
