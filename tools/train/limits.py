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
KNOBS = ('talking', 'hold_ms', 'at_hold', 'at_cap', 'all')
LIMIT_LEAST, LIMIT_MOST, LAST = 0.01, 0.6, 0.95
WARMTH = 0.6  # how much worse a step may be, at first


def over(value, limit, scale, weight):
    return weight * max(0.0, value - limit) / scale


def cost(play, stress, p, a):
    s, t = play.score(p), stress.score(p)
    return (-100 * s['machines'] - 25 * s['late'] + over(a.people, s['recall'], .001, .8) + over(WORST_KIND, s['worst'], .005, .5)
            + over(s['median'], a.median, 10, .7) + over(s['p95'], a.p95, 30, .5) + over(s['undecided'], UNDECIDED, .001, .5)
            + over(TYPICAL, s['typical'], .001, .8) + over(t['median'], STRESS_MEDIAN_MS, 20, .5) + over(STRESS_PEOPLE, t['recall'], .001, .4))


def changed(p, dice, spread):
    """Limits need not grow with the silence: the model is told how long it is and lowers its word for everybody."""
    q = dict(p, limits=p['limits'].copy())
    free = len(q['limits']) - 1  # the last releases everybody
    for _ in range(dice.integers(1, 3)):
        what = dice.integers(0, free + len(KNOBS))
        knob = KNOBS[what - free] if what >= free else ''
        if not knob:
            q['limits'][what] *= np.exp(dice.normal() * .3 * spread)
        elif knob == 'hold_ms':
            q[knob] = float(np.clip(q[knob] + dice.integers(-3, 4) * 50, 1500, 1900))
        elif knob == 'all':
            q['limits'][dice.integers(0, free):free] *= np.exp(dice.normal() * .25 * spread)
        else:
            q[knob] = float(np.clip(q[knob] + dice.normal() * (.02 if knob == 'talking' else .05) * spread, .3, .99))
    q['limits'] = np.r_[np.clip(q['limits'][:free], LIMIT_LEAST, LIMIT_MOST), LAST]
    return q


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--corpus', required=True, action='append')
    p.add_argument('--dump', default='traits_dump')
    p.add_argument('--median', type=float, default=425)
    p.add_argument('--p95', type=float, default=1620)
    p.add_argument('--people', type=float, default=0.98)
    p.add_argument('--steps', type=int, default=1500)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as work:
        data = calls.Calls(a.corpus, a.dump, work, forest.VARIATIONS)
    logit, delay = forest.validate(data, data.column('voice'), 3)
    dice = np.random.default_rng(forest.SEED)
    table = forest.delay_table(data, np.ones(len(data.rows), bool))
    anyhow = np.interp(dice.uniform(300, 1600, len(data.rows)), table[:, 0], table[:, 1])
    play, stress = policy.Play(data, logit, delay), policy.Play(data, logit, anyhow)
    best = policy.presets(a.dump)['balanced']
    here, now = best, cost(play, stress, best, a)
    least = now
    for step in range(a.steps):
        q = changed(here, dice, 1.0 if step < a.steps / 2 else 0.4)
        c = cost(play, stress, q, a)
        if c <= now or dice.random() < np.exp((now - c) / max(WARMTH * (1 - step / a.steps) ** 2, 1e-3)):
            here, now = q, c
        if c < least:
            best, least = q, c
    print({k: np.round(v, 3).tolist() for k, v in best.items()})
    for name, s in (('as it is', play.score(best)), ('delays at random', stress.score(best))):
        print(name, ', '.join(f'{k} {v:.3f}' for k, v in s.items() if not isinstance(v, dict)))


if __name__ == '__main__':
    main()
