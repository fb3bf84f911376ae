#!/usr/bin/env python3
"""The service is confined: an exposure of 2.0 or less by systemd-analyze, an unprivileged user, no line that systemd does not know.

Usage: service_test.py UNIT_FILE      (exit 77: systemd-analyze is not there)
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MOST = 2.0


def exposure(unit):
    r = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", r.stdout)
    return (float(found.group(1)) if found else None), r.stdout + r.stderr


def main():
    if not shutil.which("systemd-analyze"):
        print("systemd-analyze is not there")
        return 77
    unit = pathlib.Path(sys.argv[1])
    level, text = exposure(unit)
    if level is None:
        print("this systemd-analyze cannot judge a file:\n" + text)
        return 77
    print(f"exposure {level}, {MOST} is the most")
    bare = pathlib.Path(tempfile.mkdtemp()) / "cadencia.service"  # the measure must be able to fail
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    loose, _ = exposure(bare)
    shutil.rmtree(bare.parent)
    assert loose and loose > 8, loose
    unknown = [line for line in text.splitlines() if "Unknown" in line or "Failed to parse" in line or "ignoring" in line]
    print("\n".join(unknown))
    lines = unit.read_text()
    assert "Type=notify" in lines and "WatchdogSec=" in lines and "User=cadencia" in lines and "@" not in re.sub(r"SystemCallFilter=.*", "", lines), "a line is missing or was not filled in"
    return 0 if level <= MOST and not unknown else 1


if __name__ == "__main__":
    sys.exit(main())
