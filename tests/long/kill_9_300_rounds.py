"""Bar 5: 300 rounds of kill -9 of receive, deliver, imap, auth or the supervisor under load (HIKYAKU_KILL_ROUNDS)."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
rounds = os.environ.get("HIKYAKU_KILL_ROUNDS", "300")
sys.exit(subprocess.run([sys.executable, str(ROOT / "tests/system/kill_9_under_load_loses_nothing.py")], cwd=ROOT,
                        env={**os.environ, "HIKYAKU_KILL_ROUNDS": rounds}).returncode)
