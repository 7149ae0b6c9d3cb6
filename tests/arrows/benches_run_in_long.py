"""`./test --long` runs every benchmark that has a bar: each row of the table in docs/benchmarks.md whose bar is not "-" is run by one
tests/long/bar_*.py, with the options that the row names, and each program of bench/ that gives a verdict stands in a row."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def rows(text):
    """{(program, option...)} of the rows with a bar."""
    found = set()
    for line in text.splitlines():
        row = re.match(r"\| `bench/([^`]+)` \|.*\| ([^|]+) \|$", line)
        if row and row[2].strip() != "-":
            found.add(tuple(row[1].split()))
    return found


def run_in_long():
    calls = {}
    for file in (ROOT / "tests/long").glob("bar_*.py"):
        for call in re.findall(r"meets_its_bars\(([^)]*)\)", file.read_text()):
            calls[tuple(re.findall(r'"([^"]+)"', call))] = file.name
    return calls


def main():
    wanted, calls = rows((ROOT / "docs/benchmarks.md").read_text()), run_in_long()
    programs = {file.name for file in (ROOT / "bench").iterdir() if file.is_file() and not file.suffix and "compare.verdict()" in file.read_text()}
    wrong = [f"docs/benchmarks.md names bench/{' '.join(row)} with a bar, and no tests/long/bar_*.py runs it" for row in sorted(wanted - set(calls))]
    wrong += [f"tests/long/{calls[call]} runs bench/{' '.join(call)}, which has no row with a bar in docs/benchmarks.md" for call in sorted(set(calls) - wanted)]
    wrong += [f"bench/{name} has bars and no row in docs/benchmarks.md" for name in sorted(programs - {row[0] for row in wanted})]
    print("\n".join(wrong) or f"{len(wanted)} benchmarks with bars, all of them in ./test --long")
    return 1 if wrong or not wanted else 0


sys.exit(main())
