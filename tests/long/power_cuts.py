"""Bar 5: 5,000 seeded power cuts of the simulated disk over spool, mailboxes, queue and engine: nothing acknowledged lost.

Runs the cases of every unit program whose source reads HIKYAKU_POWER_CUT_SEEDS. Settable by that name, and the build
they are taken from by HIKYAKU_UNITS (build/release: what the long run builds)."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = os.environ.get("HIKYAKU_POWER_CUT_SEEDS", "5000")
UNITS = pathlib.Path(os.environ.get("HIKYAKU_UNITS", ROOT / "build/release"))


def programs():
    """{unit program: its test files that honour the seeds}"""
    found = {}
    for folder in ("storage", "services", "io", "apps"):
        for source in sorted((ROOT / folder).rglob("*_test.cc")):
            if "HIKYAKU_POWER_CUT_SEEDS" in source.read_text():
                # A folder without a CMakeLists.txt belongs to the program of the folder above it.
                folder = next(above for above in source.parents if (above / "CMakeLists.txt").exists())
                built = [file for file in (UNITS / folder.relative_to(ROOT)).glob("*_test") if file.is_file()]
                if not built:
                    sys.exit(f"{source.relative_to(ROOT)}: its program is not built in {UNITS}; run ./test --long power_cuts")
                found.setdefault(built[0], []).append(source.name)
    return found


def main():
    found = programs()
    if not found:
        sys.exit("no test honours HIKYAKU_POWER_CUT_SEEDS")
    failed = []
    for program, sources in found.items():
        run = subprocess.run([program, "--source-file=" + ",".join("*" + source for source in sources)], cwd=ROOT, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
                             env={**os.environ, "HIKYAKU_POWER_CUT_SEEDS": SEEDS})
        cases = re.search(r"test cases:\s*(\d+)", run.stdout)
        print(f"{program.name} ({', '.join(sources)}): {SEEDS} seeds, {cases[1] if cases else 'no'} cases, exit {run.returncode}", flush=True)
        if run.returncode != 0 or not cases or cases[1] == "0":
            failed.append(program.name)
            print(run.stdout[-3000:])
    sys.exit(1 if failed else 0)


main()
