#!/usr/bin/env python3
"""No file over 600 lines (tables that a tool writes excepted; 800 for tests), no function over 150, nothing left unfinished.

The width of lines is clang-format's business.

Usage: size_rules_test.py SOURCE_DIR
"""
import pathlib
import re
import sys

FILE_LINES, TEST_LINES, FUNCTION_LINES = 600, 800, 150
TABLES = ("_table.c",)  # written by a tool
OPENING = re.compile(r"^[A-Za-z_].*\)\s*\{\s*$")  # clang-format ends a function's head so; its end is "}" in column 0
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def complaints(name, text):
    lines = text.splitlines()
    limit = TEST_LINES if name.startswith("tests/") else FILE_LINES
    if len(lines) > limit and not name.endswith(TABLES):
        yield f"{name}: {len(lines)} lines, {limit} are the limit"
    start = None
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield f"{name}:{number}: unfinished work is not left in the source"
        if start is None and OPENING.match(line):
            start = number
        elif start is not None and line.startswith("}"):
            if number - start + 1 > FUNCTION_LINES:
                yield f"{name}:{start}: a function of {number - start + 1} lines, {FUNCTION_LINES} are the limit"
            start = None


def check_the_rules_themselves():
    body = "  x++;\n" * FUNCTION_LINES
    assert list(complaints("a.c", "int f(void) {\n" + body + "}\n"))
    assert not list(complaints("a.c", "int f(void) {\n  x++;\n}\n"))
    assert list(complaints("a.c", "int x;\n" * (FILE_LINES + 1)))
    assert not list(complaints("a_table.c", "int x;\n" * (FILE_LINES + 1)))
    assert list(complaints("a.c", "/* TO" + "DO: later */\n"))


def main():
    check_the_rules_themselves()
    source = pathlib.Path(sys.argv[1])
    files = sorted(p for top in ("include", "dsp", "campaigns", "dialer", "tests") for p in (source / top).rglob("*.[ch]") if "node_modules" not in p.parts)
    found = [c for f in files for c in complaints(f.relative_to(source).as_posix(), f.read_text(encoding="utf-8"))]
    print("\n".join(found))
    print(f"{len(files)} files, {len(found)} against the rules")
    return 1 if found or len(files) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
