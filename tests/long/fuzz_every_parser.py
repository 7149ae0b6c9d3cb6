"""Bar 6: every fuzz target runs 10 minutes clean under ASan and UBSan, from its corpus (HIKYAKU_FUZZ_SECONDS each).

HIKYAKU_FUZZ_ONLY: only targets with this in their name. HIKYAKU_FUZZ_AT_ONCE: how many run side by side (2). What a run finds new is kept in build/fuzz/found, crashes too."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = int(os.environ.get("HIKYAKU_FUZZ_SECONDS", "600"))
ONLY = os.environ.get("HIKYAKU_FUZZ_ONLY", "")


def build(names):
    for command in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz", "--target", *names]):
        run = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode != 0:
            sys.exit("the fuzz build failed:\n" + run.stdout[-3000:])


def program(source):
    """It is built where the nearest CMakeLists.txt is: a folder without one belongs to the folder above it."""
    folder = next(above for above in source.parents if (above / "CMakeLists.txt").exists())
    return ROOT / "build/fuzz" / folder.relative_to(ROOT) / source.stem


def fuzz(source):
    name, folder = source.stem, source.parent.relative_to(ROOT)
    found = ROOT / "build/fuzz/found" / folder / name
    found.mkdir(parents=True, exist_ok=True)
    corpus = source.parent / "corpus" / name
    run = subprocess.run([program(source), f"-max_total_time={SECONDS}", "-timeout=60", "-rss_limit_mb=2048",
                          "-print_final_stats=1", f"-artifact_prefix={found}-", found, *([corpus] if corpus.exists() else [])],
                         cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
                         env={**os.environ, "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})
    executed = [line.split()[-1] for line in run.stdout.splitlines() if "number_of_executed_units" in line]
    return f"{folder}/{name}", run.returncode, executed[0] if executed else "no", run.stdout


def main():
    found = sorted(file for file in ROOT.rglob("*_fuzz.cc") if (ROOT / "build") not in file.parents)
    sources = [file for file in found if ONLY in str(file.relative_to(ROOT))]
    if not sources:
        sys.exit("there is no such fuzz target")
    build([source.stem for source in sources])
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("HIKYAKU_FUZZ_AT_ONCE", "2"))) as pool:
        for name, status, executed, output in pool.map(fuzz, sources):
            clean = status == 0 and executed != "no"
            print(f"{'clean ' if clean else 'FAILED'} {name}: {executed} inputs in {SECONDS} s", flush=True)
            if not clean:
                bad += 1
                print(output[-3000:])
    sys.exit(1 if bad else 0)


main()
