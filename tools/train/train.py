#!/usr/bin/python3
"""Trains the model of person and machine and writes it as C tables.

usage: train.py --corpus DIR [--corpus DIR] [--validate DIR] [--dump PROGRAM] [--table dsp/model_table.c] [--report tools/train/report.txt]

DIR holds manifest.csv (columns file, label, sublabel, language, voice, onset_ms, first_end_ms, beep_start_ms) and the audio it
names; --validate adds calls that only the validation with groups left out uses. The traits are computed by PROGRAM (traits_dump, built from the product's own engine). Same corpus, same seed, same library:
same tables. --no-validation writes the tables alone. Needs the Debian packages python3-numpy and python3-sklearn.
"""
import argparse, os, tempfile
import calls, forest, policy
import numpy as np
import sklearn


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--corpus', required=True, action='append')
    p.add_argument('--validate', action='append', default=[])
    p.add_argument('--dump', default='traits_dump')
    p.add_argument('--table', default='dsp/model_table.c')
    p.add_argument('--report', default='tools/train/report.txt')
    p.add_argument('--no-validation', action='store_true')
    p.add_argument('--keep', help='folder for the predictions on calls whose voice was left out')
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as work:
        data = calls.Calls(a.corpus + a.validate, a.dump, work, forest.VARIATIONS)
    chosen = np.isin(data.column('folder'), a.corpus)
    models = forest.train(data, chosen)
    note = [f'{int(chosen.sum())} calls ({int((data.machine[chosen] == 0).sum())} people, {len(set(data.column("voice")[chosen]))} voices), each as it is and over',
            f'{forest.VARIATIONS} other line(s); {models.rows_used} rows of traits. Manifests sha256 {", ".join(data.digests[:len(a.corpus)])}.',
            f'scikit-learn {sklearn.__version__}, seed {forest.SEED}, {forest.TREES} trees of depth {forest.DEPTH}, rate {forest.RATE}, leaf {forest.LEAF}.']
    print(forest.write_table(a.table, models, note))
    if a.no_validation:
        return
    added = f'Validation: {len(data.rows)} calls, manifests sha256 {", ".join(data.digests)}.'
    out = ['Report of tools/train/train.py: the model of dsp/model_table.c under the policy of dsp/judge.c.',
           'A machine counts as found by its cadence or by a beep that the engine heard before it called a person.'] + note + [added]
    for title, column, folds in (('Voices left out (3 folds)', 'voice', 3), ('Each language left out in turn (those with 100 calls or more)', 'language', 0)):
        groups = data.column(column)
        logit, delay = forest.validate(data, groups, folds)
        if a.keep and column == 'voice':
            np.savez(os.path.join(a.keep, 'voices.npz'), logit=logit, delay=delay)
        out += policy.report(title, data, logit, delay, policy.presets(a.dump), column)
    with open(a.report, 'w') as f:
        f.write('\n'.join(out) + '\n')


if __name__ == '__main__':
    main()
