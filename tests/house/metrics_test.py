#!/usr/bin/env python3
"""Every metric that the console speaks of has its name in the manual, and the manual names none that is not there.

Usage: metrics_test.py SOURCE_DIR
"""
import pathlib
import re
import sys


def main():
    root = pathlib.Path(sys.argv[1])
    spoken = set(re.findall(r'"(cadencia_[a-z_]+)', (root / "dialer/console/metrics.c").read_text()))
    chapter = (root / "docs/console.md").read_text().split("## Metrics", 1)[1].split("\n## ", 1)[0]
    told = set(re.findall(r"\bcadencia_[a-z_]+", chapter))
    assert len(spoken) > 30, f"{len(spoken)} names were found: is this still where they are?"
    for name in sorted(spoken - told):
        print(f"docs/console.md, Metrics: {name} is missing")
    for name in sorted(told - spoken):
        print(f"docs/console.md, Metrics: there is no {name}")
    return 1 if spoken != told else 0


if __name__ == "__main__":
    sys.exit(main())
