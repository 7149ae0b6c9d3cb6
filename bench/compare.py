"""Interleaved windows A B A B ... of two servers under the same generator, and the ratio of their medians.

A machine is noisy: the order alternates, medians are compared, and CPU seconds for 1,000 messages stand beside wall
time, because they move far less.
"""
import dataclasses
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
# A chosen binary brings the tools built beside it (build/release/apps/hikyaku/hikyaku).
BUILD = pathlib.Path(os.environ["HIKYAKU"]).resolve().parents[2] if "HIKYAKU" in os.environ else ROOT / "build" / "release"
missed = []  # bars that were not met


@dataclasses.dataclass
class Window:
    messages: int
    seconds: float
    cpu_seconds: float
    p99_ms: float = 0.0
    flushes: int = 0

    @property
    def rate(self):
        return self.messages / self.seconds

    @property
    def cpu_per_thousand(self):
        return 1000 * self.cpu_seconds / self.messages


def build_tools():
    if "HIKYAKU" in os.environ:
        return  # a chosen binary: its tools are built already
    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "bench_tools"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)


def load(port, **options):
    """Runs smtp_load and returns its report."""
    command = [str(BUILD / "bench/smtp_load"), "--port", str(port)]
    for name, value in options.items():
        command += ["--" + name.replace("_", "-"), str(value)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if run.returncode != 0:
        raise RuntimeError("smtp_load failed: " + run.stderr)
    report = json.loads(run.stdout)
    if report["refused"] or report["broken"]:
        raise RuntimeError(f"the server refused mail: {report} {run.stderr}")
    return report


def scratch():
    """The folder for a benchmark's data, on the disk of the build."""
    (ROOT / "build").mkdir(exist_ok=True)
    return ROOT / "build"


def disk_flushes():
    """Flush requests the disk under scratch() has completed, whoever asked for them: what reached the device is the
    proof of durability, a call that returned is not. None: this disk keeps no such count."""
    device = os.stat(scratch()).st_dev
    try:
        fields = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat").read_text().split()
        return int(fields[15])  # Linux Documentation/block/stat.rst
    except (OSError, IndexError):
        return None


def counted(run):
    """Runs a window and notes the disk's flushes of its time."""
    before = disk_flushes()
    window = run()
    window.flushes = disk_flushes() - before if before is not None else 0
    return window


def bar(what, measured, at_least=None, at_most=None, unit=""):
    """Notes a bar of docs/benchmarks.md and whether it was met; verdict() makes the exit status of it."""
    met = (at_least is None or measured >= at_least) and (at_most is None or measured <= at_most)
    limit = f"at least {at_least}" if at_least is not None else f"at most {at_most}"
    text = f"{what}: {measured:.2f} {unit}".rstrip() + f", the bar is {limit}"
    print(("  met: " if met else "  MISSED: ") + text)
    if not met:
        missed.append(text)


def verdict():
    """The last line and the exit status of a benchmark with bars: 1 when one was missed."""
    print("\n" + (f"{len(missed)} bars missed: " + "; ".join(missed) if missed else "every bar was met"))
    sys.exit(1 if missed else 0)


def messages_each(runs):
    flushes = sum(w.flushes for w in runs)
    return f"{sum(w.messages for w in runs) / flushes:.1f}" if flushes else "no count"


def interleave(case, servers, windows, rate_bar=None, cpu_bar=None):
    """`servers`: {name: function that runs one window and returns it}. One warm-up each, not counted. `rate_bar`: at
    least so many times the other's messages a second; `cpu_bar`: at most 1/so many of its CPU for a message.
    """
    results = {name: [] for name in servers}
    for run in servers.values():
        run()
    for _ in range(windows):
        for name, run in servers.items():
            results[name].append(counted(run))
    print(f"\n{case}")
    print(f"  {'server':<18}{'messages/s':>12}{'min':>9}{'max':>9}{'CPU s/1,000':>13}{'p99 ms':>9}{'flushes':>9}{'messages each':>15}")
    for name, runs in results.items():
        rates = [w.rate for w in runs]
        print(f"  {name:<18}{statistics.median(rates):>12.0f}{min(rates):>9.0f}{max(rates):>9.0f}"
              f"{statistics.median(w.cpu_per_thousand for w in runs):>13.3f}"
              f"{statistics.median(w.p99_ms for w in runs):>9.1f}{sum(w.flushes for w in runs):>9}"
              f"{messages_each(runs):>15}")
    names = list(servers)
    ours = results[names[0]]
    for other in names[1:]:
        theirs = results[other]
        rate = statistics.median(w.rate for w in ours) / statistics.median(w.rate for w in theirs)
        cpu = statistics.median(w.cpu_per_thousand for w in ours) / statistics.median(w.cpu_per_thousand for w in theirs)
        print(f"  {names[0]} / {other}: {rate:.2f}x messages a second, 1/{1 / cpu:.1f} of the CPU a message")
        if rate_bar:
            bar(f"{case}: messages a second, times {other}'s", rate, at_least=rate_bar)
        if cpu_bar:
            bar(f"{case}: {other}'s CPU a message, times ours", 1 / cpu, at_least=cpu_bar)
    sys.stdout.flush()
    return results


def heading(title):
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    print(f"{title}\n  {platform.processor() or platform.machine()}, {len(__import__('os').sched_getaffinity(0))} cores, "
          f"Linux {platform.release()}, commit {commit}")
