"""The calls of a corpus and what the engine's traits say of them."""
import csv, hashlib, os, subprocess
import numpy as np

EARLY_PAUSE_WEIGHT = 2.0  # greetings that pause early are rare in the corpus and common in life
SILENCE_WEIGHT = 2.0      # in silence people are released: a mistake there costs more
SEED_STEP = 100000


def number(text, unknown=np.nan):
    try:
        return float(text)
    except (TypeError, ValueError):
        return unknown


class Rows:
    """Traits of many moments: which call, when (ms), what."""

    def __init__(self, path, names):
        table = np.fromfile(path, dtype=np.float32).reshape(-1, len(names) + 2)
        self.call, self.time, self.x = table[:, 0].astype(int), table[:, 1], np.ascontiguousarray(table[:, 2:])

    def thinned(self, names, part):
        """Neighbours say the same: every second row in silence, every fifth while somebody speaks."""
        tick = np.round(self.time / 40).astype(int)
        return np.where(self.x[:, names.index('quiet')] > 0, tick % 2 == part % 2, tick % 5 == part % 5)


class Calls:
    def __init__(self, folders, dump, work, variations):
        self.rows, self.digests = [], []
        for folder in folders:
            with open(os.path.join(folder, 'manifest.csv'), 'rb') as f:
                text = f.read()
            self.digests.append(hashlib.sha256(text).hexdigest()[:16])
            for r in csv.DictReader(text.decode().splitlines()):
                if r['label'] in ('human', 'machine'):
                    r['folder'], r['path'], r['kind'] = folder, os.path.join(folder, r['file']), r['sublabel'].split('+')[0]
                    self.rows.append(r)
        self.machine = np.array([r['label'] == 'machine' for r in self.rows], float)
        self.kind = np.array([r['kind'] for r in self.rows])
        self.names = subprocess.run([dump, '--names'], check=True, capture_output=True, text=True).stdout.split()
        listing = os.path.join(work, 'files')
        with open(listing, 'w') as f:
            for r in self.rows:
                f.write(f"{r['path']}\t{number(r['onset_ms'], -1)}\t{number(r['beep_start_ms'], 1e9)}\n")
        self.sets = []
        for v in range(variations + 1):
            out = os.path.join(work, f'traits{v}')
            subprocess.run([dump, listing, out] + (['random', str(SEED_STEP * v)] if v else []), check=True)
            self.sets.append(Rows(out, self.names))
        first = self.sets[0].call.searchsorted(np.arange(len(self.rows)))
        since = self.sets[0].x[:, self.names.index('since_onset')]
        heard = np.isin(np.arange(len(self.rows)), self.sets[0].call)
        at = np.where(heard, first, 0)
        self.delay = np.where(heard, self.sets[0].time[at] - since[at], np.nan)  # from the answer to the first word
        beeps = subprocess.run([dump, '--beeps', listing], check=True, capture_output=True, text=True).stdout.split()
        self.beep = np.array([number(b) for b in beeps])  # when the engine heard one; 1e9: never
        self.beep_start = self.values('beep_start_ms', 1e9)

    def column(self, name):
        return np.array([r[name] for r in self.rows])

    def values(self, name, unknown=np.nan):
        return np.array([number(r[name], unknown) for r in self.rows])

    def weights(self, rows):
        """Every call weighs the same, its silences more than its words."""
        early = np.where((self.machine == 1) & np.isin(self.kind, ('pause', 'short')), EARLY_PAUSE_WEIGHT, 1.0)
        tick = np.where(rows.x[:, self.names.index('quiet')] > 0, SILENCE_WEIGHT, 1.0)
        total = np.bincount(rows.call, weights=tick, minlength=len(self.rows))
        total[total == 0] = 1
        return early[rows.call] * tick / total[rows.call] * 50
