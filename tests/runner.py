"""Runs every kind of test in order, shows progress, and prints the total as its last line (see ./test)."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import test_names
from long_record import LongRecord

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Whose unit tests run sanitized: everything that reads foreign bytes, and everything that keeps mail. Of the folders that are too
# large for each run the corpora are sanitized, and with --long everything.
SANITIZED = ["base", "mail", "io", "protocol", "storage", "services/spool", "services/mailboxes", "services/directory", "services/history",
             "services/epost_spool"]

# System scenarios share no port, file or name with each other, and mostly wait: for a retry, a sample, a peer.
SIDE_BY_SIDE = int(os.environ.get("HIKYAKU_SIDE_BY_SIDE", "4"))


class Total:
    def __init__(self):
        self.passed, self.failed, self.skipped, self.failures = 0, 0, 0, []

    def add(self, name, outcome, detail=""):
        if outcome == "passed":
            self.passed += 1
        elif outcome == "skipped":
            self.skipped += 1
        else:
            self.failed += 1
            self.failures.append((name, detail))


def say(text):
    print(text, flush=True)


def run_quietly(command, log, progress):
    """Runs a build, printing its progress at each tenth. True when it succeeded."""
    shown = -1
    with open(log, "w") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in process.stdout:
            out.write(line)
            step = re.match(r"\[(\d+)/(\d+)\]", line)
            if progress and step and int(step[1]) * 10 // int(step[2]) > shown:
                shown = int(step[1]) * 10 // int(step[2])
                say(f"    {step[1]}/{step[2]}")
    return process.wait() == 0


def build(total, preset, targets):
    began = time.monotonic()
    say(f"building {preset}{' (' + ' '.join(targets) + ')' if targets else ''}")
    log = ROOT / "build" / f"{preset}.log"
    log.parent.mkdir(exist_ok=True)
    wanted = [argument for target in targets for argument in ("--target", target)]
    built = run_quietly(["cmake", "--preset", preset], log, False)
    if built:
        built = run_quietly(["cmake", "--build", "--preset", preset, *wanted], log, True)
    if not built:
        errors = [line for line in log.read_text(errors="replace").splitlines() if "error" in line.lower() or "FAILED" in line]
        say("\n".join(errors[:20] or log.read_text(errors="replace").splitlines()[-20:]))
        say(f"  the {preset} build failed; the whole output is in {log.relative_to(ROOT)}")
        total.add(f"build {preset}", "failed", f"see {log.relative_to(ROOT)}")
        return False
    say(f"  built in {time.monotonic() - began:.0f} s")
    return True


def doctest_cases(output):
    found = re.search(r"test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed", output or "")
    return (int(found[2]), int(found[3])) if found else None


def ctest(total, label, folder, arguments, extra=None):
    """Runs ctest and counts each doctest case (a program that is not doctest counts as one)."""
    say(f"running {label}")
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        process = subprocess.run(["ctest", "--test-dir", str(folder), "-j2", "--output-junit", report.name, "--test-output-size-passed",
                                  "200000", "--test-output-size-failed", "200000", "--no-tests=ignore", *arguments],
                                 cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(extra or {})})
        try:
            suite = ElementTree.parse(report.name).getroot()
        except ElementTree.ParseError:
            if "No tests were found" not in process.stdout:
                total.add(label, "failed", process.stdout[-2000:])
            return
    passed_before, failed_before = total.passed, total.failed
    for case in suite.iter("testcase"):
        name, output = f"{label}: {case.get('name')}", case.findtext("system-out") or ""
        counted = doctest_cases(output)
        if case.get("status") == "run":
            total.passed += counted[0] if counted else 1
        elif case.get("status") in ("notrun", "disabled"):
            total.add(name, "failed", "it was not run: " + (case.find("skipped").get("message") if case.find("skipped") is not None else ""))
        else:
            if counted:
                total.passed += counted[0]
                total.failed += max(0, counted[1] - 1)
            total.add(name, "failed", output[-3000:])
    say(f"  {total.passed - passed_before} passed, {total.failed - failed_before} failed")


def script(file, environment, minutes):
    """The outcome of one scenario program (exit 0 passed, 77 skipped, anything else failed), what it printed, and its seconds."""
    began = time.monotonic()
    try:
        process = subprocess.run([sys.executable, str(file)] if file.suffix == ".py" else [str(file)], cwd=ROOT, text=True, timeout=60 * minutes,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", env={**os.environ, **environment})
        outcome, output = {0: "passed", 77: "skipped"}.get(process.returncode, "failed"), process.stdout
    except subprocess.TimeoutExpired as late:
        outcome, output = "failed", f"took longer than {minutes} minutes\n" + (late.stdout or b"").decode(errors="replace")[-2000:]
    return outcome, output, time.monotonic() - began


def scripts(total, kind, files, environment, minutes=15, side_by_side=1, record=None):
    """Runs scenario programs, as many as said beside each other, and tells of each as it ends."""
    with concurrent.futures.ThreadPoolExecutor(side_by_side) as pool:
        running = {pool.submit(script, file, environment, minutes): file for file in files}
        for ended in concurrent.futures.as_completed(running):
            file, (outcome, output, seconds) = running[ended], ended.result()
            name = f"{kind}: {file.stem}"
            total.add(name, outcome, output[-3000:])
            if record:  # figures for docs/benchmarks.md
                (ROOT / "build" / f"long-{file.stem}.log").write_text(output)
                record.note(file.stem, outcome, seconds)
            reason = " (" + output.strip().splitlines()[-1] + ")" if outcome != "passed" and output.strip() else ""
            say(f"  {outcome:7} {name}{reason}  {seconds:.1f} s")


def corpora_elsewhere(choice):
    """The fuzz targets of the folders whose unit tests are not sanitized in each run; their corpora are."""
    return [name.removesuffix("_corpus") for name, folder in test_names.corpora().items()
            if name in choice.units and not any(folder.is_relative_to(ROOT / below) for below in SANITIZED)]


def run_sanitized(total, choice, everything):
    """Unit tests and corpora under ASan and UBSan."""
    below = choice.targets() if everything else choice.targets(SANITIZED)
    if choice and not below and not corpora_elsewhere(choice):
        return
    environment = {"UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_stack_use_after_return=1"}
    targets = below if choice else [] if everything else [folder + "/all" for folder in SANITIZED]
    targets += [] if everything else corpora_elsewhere(choice)
    if not build(total, "asan", targets):
        return
    if everything:
        ctest(total, "sanitized", ROOT / "build/asan", ["-L", "unit", *choice.pattern()], environment)
        return
    for folder in SANITIZED:
        if not choice or choice.targets([folder]):
            ctest(total, f"sanitized {folder}", ROOT / "build/asan" / folder, ["-L", "unit", *choice.pattern()], environment)
    if names := corpora_elsewhere(choice):
        ctest(total, "sanitized corpora", ROOT / "build/asan", ["-R", "^(" + "|".join(names) + ")_corpus$"], environment)


def run_all(total, options, choice):
    if options.smoke:
        if build(total, "release", []):
            smoke = [file for file in choice.scripts("system") if "SMOKE = True" in file.read_text()]
            scripts(total, "system", smoke, {"HIKYAKU": str(ROOT / "build/release/apps/hikyaku/hikyaku")})
        return
    record = LongRecord(ROOT / "build/long-run.tsv", ROOT, options.go_on or bool(choice)) if options.long else None
    if options.long and choice.is_long_alone():
        run_long(total, choice, record)
        return
    talks = choice.scripts("dialogues", "system")
    targets = [*choice.targets(), *(["hikyaku"] if talks else [])] if choice else []
    debug = (choice and not targets) or build(total, "debug", targets)
    if debug and choice.units:
        ctest(total, "units", ROOT / "build/debug", ["-L", "unit", *choice.pattern()])
    if debug and not choice and build(total, "debug", ["headers_alone"]):
        total.add("every header compiles alone", "passed")
    binary = ROOT / "build/debug/apps/hikyaku/hikyaku"
    scripts(total, "tree", choice.scripts("arrows"), {"HIKYAKU": str(binary)})
    if debug and talks and binary.exists():
        say("running system tests")
        scripts(total, "dialogue", choice.scripts("dialogues"), {"HIKYAKU": str(binary)})
        scripts(total, "system", choice.scripts("system"), {"HIKYAKU": str(binary), "HIKYAKU_LONG": "1" if options.long else ""},
                side_by_side=SIDE_BY_SIDE)
    run_sanitized(total, choice, options.long)
    if options.long:
        run_long(total, choice, record)


def run_threads(total, choice, record):
    """All unit tests, or those that were named, under ThreadSanitizer."""
    began, failed_before = time.monotonic(), total.failed
    if build(total, "tsan", choice.targets() if choice else []):
        ctest(total, "threads", ROOT / "build/tsan", ["-L", "unit", *choice.pattern()])
    if record:  # all of them ran
        record.note("threads", "failed" if total.failed > failed_before else "passed", time.monotonic() - began)


def run_long(total, choice, record):
    """What passed since the record began is left out, unless it was named."""
    def wanted(step):
        return choice.has(step) and (bool(choice) or not record.is_done(step))
    if wanted("threads"):
        run_threads(total, test_names.Choice([]), record)
    elif choice.units and choice:
        run_threads(total, choice, None)
    say("running long tests")
    left = [file for file in choice.scripts("long") if wanted(file.stem)]
    if left and build(total, "release", ["all", "bench_tools"]):
        scripts(total, "long", left, {"HIKYAKU": str(ROOT / "build/release/apps/hikyaku/hikyaku")}, minutes=12 * 60, record=record)
    if wanted("fresh-machine"):
        scripts(total, "machine", [ROOT / "tests/fresh-machine"], {}, minutes=120, record=record)
    say(record.table())


def main():
    parser = argparse.ArgumentParser(prog="./test", description="Builds everything and runs all tests.")
    parser.add_argument("--smoke", action="store_true", help="release build and the shortest system tests")
    parser.add_argument("--long", action="store_true", help="everything the bars name; hours")
    parser.add_argument("--go-on", action="store_true", help="with --long: leave out the long steps that passed since the run that was cut off began")
    parser.add_argument("--check-names", action="store_true", help=argparse.SUPPRESS)  # only that: before packages are installed
    parser.add_argument("names", nargs="*", metavar="NAME", help="only what has this name. " + test_names.HOW_NAMES_LOOK.replace("\n", " "))
    options = parser.parse_args()
    if mistaken := test_names.mistakes(options.names, options.long, options.smoke):
        say("\n".join(mistaken))
        return 2
    if options.check_names:
        return 0
    began, total = time.monotonic(), Total()
    run_all(total, options, test_names.Choice(options.names))
    for name, detail in total.failures:
        say(f"\nFAILED {name}\n{detail.rstrip()}")
    say(f"\n{time.monotonic() - began:.0f} s")
    say(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
