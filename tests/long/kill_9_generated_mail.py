"""Bar 7: 500 rounds of kill -9 of deliver, receive or the supervisor while mail makes mail: each once (HIKYAKU_KILL_ROUNDS)."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
rounds = os.environ.get("HIKYAKU_KILL_ROUNDS", "500")
sys.exit(subprocess.run([sys.executable, str(ROOT / "tests/system/kill_9_makes_each_generated_mail_once.py")], cwd=ROOT,
                        env={**os.environ, "HIKYAKU_KILL_ROUNDS": rounds}).returncode)
