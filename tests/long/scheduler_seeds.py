"""Bar 5: 10,000 seeds of random trouble for the scheduler: nothing lost, nothing stuck, duplicates only as the invariant allows.

Runs the simulation of services/delivery in the release build (HIKYAKU_UNITS names another), in parallel parts;
HIKYAKU_SIMULATION_SEEDS sets how many seeds."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = int(os.environ.get("HIKYAKU_SIMULATION_SEEDS", "10000"))
PROGRAM = pathlib.Path(os.environ.get("HIKYAKU_UNITS", ROOT / "build/release")) / "services/delivery/delivery_test"


def main():
    if not PROGRAM.is_file():
        sys.exit(f"{PROGRAM} is not built; run ./test --long scheduler_seeds")
    parts = max(1, min(os.cpu_count() or 1, SEEDS))
    share = -(-SEEDS // parts)
    running = []
    for part in range(parts):
        env = {**os.environ, "HIKYAKU_SIMULATION_SEEDS": str(min(share, SEEDS - part * share)), "HIKYAKU_SIMULATION_FIRST": str(1 + part * share)}
        running.append(subprocess.Popen([PROGRAM, "--source-file=*simulation_test.cc"], cwd=ROOT, env=env, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace"))
    failed = False
    for process in running:
        said = process.communicate()[0]
        if process.returncode != 0 or "0 failed" not in said:
            failed = True
            print(said[-3000:])
    print(f"{SEEDS} seeds in {parts} parts: {'some failed' if failed else 'all passed'}")
    sys.exit(1 if failed else 0)


main()
