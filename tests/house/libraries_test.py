#!/usr/bin/env python3
"""What the daemon maps from its first moment on. A library that few boxes or few requests need is loaded by a module when it is
wanted (libexec/cadencia/*.so): linked, it and all that comes with it stand in memory as long as the daemon does.

Usage: libraries_test.py BUILD_DIR
"""
import pathlib
import subprocess
import sys

MODULES_KNOW = {"libarchive": "cadencia-zip", "libxml2": "cadencia-zip", "libcrypto": "cadencia-digest", "libssl": "cadencia-post",
                "libcurl": "cadencia-post", "libphonenumber": "cadencia-phone", "libprotobuf": "cadencia-phone", "libicu": "cadencia-phone"}


def main():
    build = pathlib.Path(sys.argv[1])
    mapped = [line.split()[0] for line in subprocess.run(["ldd", str(build / "cadencia")], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()]
    bad = [f"{library}: that is the business of {module}.so" for library in mapped for name, module in MODULES_KNOW.items() if library.startswith(name)]
    bad += [f"{module}.so was not built" for module in sorted(set(MODULES_KNOW.values())) if not (build / "libexec" / "cadencia" / f"{module}.so").exists()]
    if not any(library.startswith("libsqlite3") for library in mapped):
        bad.append(f"ldd says nothing about {build / 'cadencia'}")
    print("\n".join(bad) or f"the daemon maps {len(mapped)} libraries, none of them rarely wanted")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
