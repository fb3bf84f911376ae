#!/usr/bin/env python3
"""Who may include whom, read from the #include lines of every C file of the product.

A room may include itself, include/cadencia, what its row names, and C's own headers. A foreign library is
known in one room only. Rooms that decide (pure) may not reach for a socket, a file, a thread or a clock.

Usage: include_rules_test.py SOURCE_DIR
"""
import pathlib
import re
import sys

PLAIN_C = {"assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h",
           "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "strings.h"}
LIBRARIES = {  # header or prefix: the only places that know it
    "sqlite3.h": ["campaigns/records/"],
    "sodium.h": ["campaigns/records/"],
    "archive": ["campaigns/records/module/zip_module.c"],  # libarchive: archive.h, archive_entry.h
    "sofia-sip/": ["dialer/sip/"],
    "microhttpd.h": ["dialer/console/"],
    "libconfig.h": ["dialer/base/", "dialer/local/", "campaigns/packs/", "dialer/sim/scenario_file.c"],
    "jansson.h": ["dialer/console/", "dialer/local/", "dialer/base/wire", "campaigns/records/", "campaigns/intake/"],
    "phonenumbers/": ["campaigns/intake/"],
    "spandsp": ["dsp/"],
    "sndfile.h": ["dsp/wav.c"],
    "seccomp.h": ["dialer/base/confine.c"],
}
# room: (pure, what else it may include). The first row whose prefix fits holds.
ROOMS = [
    ("include/cadencia/", True, []),
    ("include/dsp/", True, ["dsp/"]),
    ("include/pacing/", True, ["pacing/"]),
    ("include/campaigns/", True, ["campaigns/", "dsp/fingerprint.h", "dialer/base/mail.h"]),
    ("dsp/", False, ["dsp/"]),
    ("campaigns/law/", True, ["campaigns/law.h", "campaigns/rules.h", "campaigns/gate.h", "sys/stat.h"]),  # stat: have the zone files changed
    ("campaigns/records/", False, ["campaigns/", "dialer/base/"]),
    ("campaigns/intake/", False, ["campaigns/"]),
    ("campaigns/packs/", False, ["campaigns/", "dialer/base/"]),
    ("dialer/words/", True, []),
    ("dialer/base/", False, ["dialer/base/", "pacing/why.h", "dsp/tone_plan.h", "dsp/screen.h", "dsp/fingerprint.h"]),
    ("dialer/pacing/", True, ["dialer/pacing/", "pacing/"]),
    ("dialer/floor/", True, ["dialer/floor/", "dialer/base/", "pacing/", "campaigns/law.h", "dsp/"]),
    ("dialer/control/", True, ["dialer/control/", "dialer/floor/", "dialer/base/", "pacing/", "campaigns/law.h"]),
    ("dialer/sip/", False, ["dialer/sip/", "dialer/base/"]),
    ("dialer/media/", False, ["dialer/media/", "dialer/base/", "dsp/"]),
    ("dialer/console/", False, ["dialer/console/", "dialer/base/", "pacing/"]),
    ("dialer/local/", False, ["dialer/local/", "dialer/base/", "dialer/commands.h", "dialer/store_worker.h", "campaigns/", "dsp/"]),
    ("dialer/sim/", False, ["dialer/sim/", "dialer/base/", "dialer/control/", "dialer/floor/", "dsp/", "pacing/", "campaigns/"]),
    ("dialer/store_", False, ["dialer/store_", "dialer/base/", "campaigns/"]),
    ("dialer/daemon", False, ["dialer/"]),
    ("dialer/", False, ["dialer/", "dsp/", "campaigns/"]),  # main, the commands, children
]
CONTROL_KNOWN_TO = ("dialer/control/", "dialer/sim/", "dialer/daemon")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def complaint(path, quote, header):
    """Why this file may not have this include; None: it may. path and header are relative to the source folder."""
    for prefix, places in LIBRARIES.items():
        if header.startswith(prefix):
            return None if any(path.startswith(p) for p in places) else f"only {', '.join(places)} may know {header}"
    if header.startswith("dialer/control/") and not path.startswith(CONTROL_KNOWN_TO):
        return "only the daemon and the simulation include control"
    if quote == '"' and "/" not in header:
        return None  # a neighbour in the same folder
    if header in PLAIN_C or header.startswith("cadencia/"):
        return None
    row = next((r for r in ROOMS if path.startswith(r[0])), None)
    if row is None:
        return "this folder has no row in the table of rooms"
    prefix, pure, allowed = row
    if any(header.startswith(a) for a in allowed):
        return None
    ours = header.startswith(("dialer/", "dsp/", "campaigns/", "pacing/"))
    if ours:
        return f"{prefix} may not include {header}"
    return f"{prefix} only decides: no {header}" if pure else None


def check_the_table_itself():
    """The rules must be able to say no."""
    bad = [("campaigns/law/gate.c", "<", "sqlite3.h"), ("dialer/floor/call.c", "<", "time.h"), ("dialer/pacing/pacer.c", '"', "dialer/floor/floor.h"),
           ("dsp/amd.c", '"', "dialer/base/mail.h"), ("dialer/console/x.c", '"', "dialer/control/control.h"), ("dialer/media/rtp.c", "<", "sofia-sip/nua.h"),
           ("dialer/control/step.c", "<", "sys/socket.h"), ("dsp/beep.c", "<", "sndfile.h"), ("elsewhere/x.c", "<", "unistd.h")]
    good = [("dsp/wav.c", "<", "sndfile.h"), ("dialer/daemon_loop.h", '"', "dialer/control/control.h"), ("dialer/floor/call.c", "<", "pacing/pacer.h"),
            ("dialer/sip/ua.c", "<", "sofia-sip/nua.h"), ("dialer/media/rtp.c", "<", "sys/socket.h"), ("dialer/floor/call.c", '"', "call.h")]
    for case in bad:
        assert complaint(*case), f"the rules should refuse {case}"
    for case in good:
        assert not complaint(*case), f"the rules should allow {case}"


def main():
    check_the_table_itself()
    source = pathlib.Path(sys.argv[1])
    files = sorted(p for top in ("include", "dsp", "campaigns", "dialer") for p in (source / top).rglob("*.[ch]"))
    lines = complaints = 0
    for file in files:
        path = file.relative_to(source).as_posix()
        text = file.read_text(encoding="utf-8")
        for found in INCLUDE.finditer(text):
            lines += 1
            why = complaint(path, found.group(1), found.group(2))
            if why:
                complaints += 1
                print(f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {why}")
    print(f"{lines} #include lines in {len(files)} files, {complaints} against the rules")
    return 1 if complaints or lines < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
