#!/usr/bin/env python3
"""End-to-end stories: the real daemon, foreign peers on the wire, the call log as the judge.

Usage: stories.py [STORY…]      without names all of them; CADENCIA names the binary under test
       stories.py --list
Each story begins with what happens and what must hold. They are in stories_*.py, by theme.
"""
import signal
import sys
import time
import traceback

import stories_agents
import stories_box
import stories_calls
import stories_crash
import stories_desk
import stories_dialogs
import stories_evidence
import stories_handover
import stories_hostile
import stories_inbound
import stories_law
import stories_messages
import stories_lists
import stories_phones
import stories_rehearse
import stories_talks
import stories_trunks

THEMES = [stories_calls, stories_talks, stories_agents, stories_box, stories_desk, stories_handover, stories_law, stories_rehearse, stories_trunks,
          stories_phones, stories_hostile, stories_dialogs, stories_crash, stories_lists, stories_inbound]
THEMES += [stories_messages, stories_evidence]
STORIES = [s for theme in THEMES for s in theme.STORIES]


def terminated(signum, _frame):
    raise SystemExit(f"signal {signum}")


def main(names):
    known = {s.__name__: s for s in STORIES}
    unknown = [n for n in names if n not in known]
    if unknown:
        print(f"no such story: {', '.join(unknown)}; --list names them", file=sys.stderr)
        return 2
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, terminated)  # so that every story takes down what it put up
    failed = 0
    for name in names or known:
        began = time.monotonic()
        try:
            known[name]()
            print(f"ok      {name}  {time.monotonic() - began:.1f} s", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"FAILED  {name}  {time.monotonic() - began:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(s.__name__ for s in STORIES))
    else:
        sys.exit(main(sys.argv[1:]))
