"""Runs one program of bench/ as a check: its exit status says whether every bar was met. HIKYAKU_BENCH_OPTIONS are
passed on ("--quick"), to prove the check itself in a minute."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def meets_its_bars(name, *options):
    command = [sys.executable, "-u", str(ROOT / "bench" / name), *options, *os.environ.get("HIKYAKU_BENCH_OPTIONS", "").split()]
    sys.exit(1 if subprocess.run(command, cwd=ROOT).returncode else 0)
