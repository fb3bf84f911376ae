"""The policy of dsp/judge.c over rows of traits and the opinions of the models, for many calls at once."""
import subprocess
import numpy as np

TYPICAL = dict(short=.70, medium=.12, business=.08, late=.04, double=.03, noisy=.03)  # kinds of people in a plausible campaign
CALM_MS, CALM_MACHINE = 1400, 0.8
FEW_WORDS_MS, REPEAT_QUIET_MS = 1200, 400
SLACK_MS, CAP_MS = 30, 6000


def presets(dump):
    """The presets as the engine has them: name -> dict(talking, hold_ms, at_hold, at_cap, silences, limits)."""
    out = {}
    for line in subprocess.run([dump, '--policy'], check=True, capture_output=True, text=True).stdout.splitlines():
        word = line.split()
        v = [float(x) for x in word[1:]]
        out[word[0]] = dict(talking=v[0], hold_ms=v[1], at_hold=v[2], at_cap=v[3], silences=np.array(v[4::2]), limits=np.array(v[5::2]))
    return out


def probability(logit):
    return 1 / (1 + np.exp(-logit))


class Play:
    """Rows that can decide something, ready to be judged again and again under other limits."""

    def __init__(self, data, logit, delay):
        rows, get = data.sets[0], lambda n: data.sets[0].x[:, data.names.index(n)]
        machine, silence = probability(logit), probability(logit + delay[rows.call])
        first = np.r_[True, np.diff(rows.call) != 0]
        before = np.r_[0, machine[:-1]]
        before[first] = 0
        twice = np.minimum(machine, before)
        quiet, calm, onset, greeting, speech = (get(n) for n in ('quiet', 'calm', 'since_onset', 'since_greeting', 'speech'))
        keep = ~np.isnan(machine) & ((quiet >= 160) | (twice > .5) | (onset >= CAP_MS - 70) | (greeting >= 700) | (calm >= CALM_MS - 100))
        self.call, self.time, self.machine, self.silence, self.twice = (v[keep] for v in (rows.call, rows.time, machine, silence, twice))
        self.quiet, self.calm, self.onset, self.greeting, self.speech = (v[keep] for v in (quiet, calm, onset, greeting, speech))
        self.n, self.data = len(data.rows), data
        starts, counts = np.searchsorted(self.call, np.arange(self.n)), np.bincount(self.call, minlength=self.n)
        self.has, self.known = counts > 0, np.bincount(rows.call[~np.isnan(machine)], minlength=self.n) > 0
        self.starts, self.order = starts[self.has], np.arange(len(self.call))
        self.first_end, self.length = data.values('first_end_ms'), data.values('duration_ms')

    def judge(self, p):
        """Per call: is it called a machine, when, and was there a verdict at all."""
        held = self.greeting >= p['hold_ms'] - SLACK_MS
        ended = held | (self.onset >= CAP_MS - SLACK_MS)
        talks = self.twice > p['talking']
        released = (self.quiet >= p['silences'][0]) & (self.silence < np.interp(self.quiet, p['silences'], p['limits']))
        released |= (self.machine < CALM_MACHINE) & (self.calm >= CALM_MS)
        never = 10 ** 9
        at = np.full(self.n, never)
        at[self.has] = np.minimum.reduceat(np.where(talks | ended | released, self.order, never), self.starts)
        decided, i = at < never, np.where(at < never, at, 0)
        few = held[i] & (self.quiet[i] >= REPEAT_QUIET_MS) & (self.speech[i] < FEW_WORDS_MS)
        machine = decided & (talks[i] | (ended[i] & ~few & (self.machine[i] > np.where(held[i], p['at_hold'], p['at_cap']))))
        time = np.where(decided, self.time[i], 1e9)
        beep = self.data.beep <= np.minimum(time, 1e8)
        return machine | beep, np.minimum(time, self.data.beep), decided | beep

    def score(self, p):
        machine, time, decided = self.judge(p)
        d, kinds, finds = self.data, {}, {}
        people, machines = self.known & (d.machine == 0), self.known & (d.machine == 1)
        for k in np.unique(d.kind[people]):
            kinds[k] = (int((~machine)[people & (d.kind == k)].sum()), int((people & (d.kind == k)).sum()))
        for k in np.unique(d.kind[machines]):
            finds[k] = (int(machine[machines & (d.kind == k)].sum()), int((machines & (d.kind == k)).sum()))
        kept = people & ~machine
        wait = (np.where(decided, time, self.length) - self.first_end)[kept]
        wait = wait[~np.isnan(wait)]
        share = {k: a / b for k, (a, b) in kinds.items()}
        return dict(recall=(~machine)[people].mean(), typical=sum(TYPICAL.get(k, 0) * v for k, v in share.items()) / sum(TYPICAL.get(k, 0) for k in share),
                    worst=min(share.values()), machines=machine[machines].mean(), late=(machine | (d.beep <= 10000))[machines].mean(),
                    undecided=(~decided)[people].mean(), median=np.median(wait), p95=np.percentile(wait, 95), kinds=kinds, finds=finds)


def report(title, data, logit, delay, rules, column):
    out = [f'\n{title}']
    play = Play(data, logit, delay)
    for name, p in rules.items():
        s = play.score(p)
        out.append(f'  {name}: people {100 * s["recall"]:.1f} % (typical mix {100 * s["typical"]:.1f} %, worst kind {100 * s["worst"]:.1f} %), machines '
                   f'{100 * s["machines"]:.1f} %, or beep within 10 s {100 * s["late"]:.1f} %; people released after their first utterance: median '
                   f'{s["median"]:.0f} ms, 95 % {s["p95"]:.0f} ms; undecided {100 * s["undecided"]:.1f} %')
        if name == 'balanced':
            said = lambda tally: ', '.join(f'{k} {a}/{b}' for k, (a, b) in tally.items())
            out.append(f'    people: {said(s["kinds"])}\n    machines: {said(s["finds"])}')
            if column == 'language':
                called, _, _ = play.judge(p)
                words = data.column('language')
                for g in sorted(set(words[play.known])):
                    h, m = (play.known & (words == g) & (data.machine == v) for v in (0, 1))
                    out.append(f'    {g}: people {int((~called)[h].sum())}/{int(h.sum())}, machines {int(called[m].sum())}/{int(m.sum())}')
    return out
