#!/usr/bin/env python3
"""Runs the examples of README.md in order, in the database that PGDATABASE names.

Prints TAP: one test for each sql block (it raises no error) and one for each text block
that follows one (it is what psql prints, row counts aside). Then one for each table and view
of the extension: doc/tables.md tells of it."""

import re
import subprocess
import sys

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
RELATIONS = r"""\pset format unaligned
\pset tuples_only on
SELECT relname FROM pg_class JOIN pg_depend ON objid = pg_class.oid AND classid = 'pg_class'::regclass AND deptype = 'e'
WHERE relname LIKE 'sync\_%' AND relkind IN ('r', 'v') ORDER BY relname"""
ROW_COUNT = re.compile(r"\n\(\d+ rows?\)\n")


def psql(sql):
    done = subprocess.run(
        ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-P", "pager=off"],
        input=sql, text=True, capture_output=True)
    return done.returncode == 0, done.stdout, done.stderr


def lines(text):
    return [line.rstrip() for line in ROW_COUNT.sub("\n", text).strip("\n").split("\n")]


def main():
    count = 0
    failed = 0
    output = None

    def report(ok, what, diagnostics):
        nonlocal count, failed
        count += 1
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {count} - {what}")
        if not ok:
            for line in diagnostics.rstrip("\n").split("\n"):
                print(f"# {line}")

    with open("README.md", encoding="utf-8") as readme:
        text = readme.read()
    psql("DROP EXTENSION IF EXISTS sync_ledger")  # the first example creates it
    for block in BLOCK.finditer(text):
        kind, body = block.groups()
        where = f"README.md:{text.count(chr(10), 0, block.start()) + 1}"
        if kind == "sql":
            ok, output, errors = psql(body)
            report(ok, f"{where} runs", errors)
        elif kind == "text" and output is not None:
            report(lines(output) == lines(body), f"{where} is what psql prints", output)
        if kind != "sql":
            output = None
    with open("doc/tables.md", encoding="utf-8") as tables:
        told = set(re.findall(r"sync_\w+", tables.read()))
    for relation in psql(RELATIONS)[1].split():
        report(relation in told, f"doc/tables.md tells of {relation}", "it does not")
    if count == 0:
        print("not ok 1 - README.md has examples")
        count = failed = 1
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
