"""What the steps of `./test --long` last did, each with its commit and day: build/long-run.tsv, a line a step. The run takes hours; one that was
cut off goes on with `./test --long --go-on`, which leaves out what passed since the record began. The table for docs/benchmarks.md is printed from it."""
import datetime
import subprocess


class LongRecord:
    def __init__(self, path, root, goes_on):
        self.path, self.steps = path, {}
        said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, text=True, capture_output=True).stdout.strip()
        self.commit = said or "no commit"  # what is tested, whatever the tree becomes meanwhile
        if goes_on and path.exists():
            for line in path.read_text().splitlines():
                name, outcome, seconds, commit, day = line.split("\t")
                self.steps[name] = (outcome, float(seconds), commit, day)
        else:
            path.unlink(missing_ok=True)

    def is_done(self, name):
        return self.steps.get(name, ("",))[0] == "passed"

    def note(self, name, outcome, seconds):
        self.steps[name] = (outcome, seconds, self.commit, datetime.date.today().isoformat())
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text("".join("\t".join((step, said, f"{took:.0f}", at, day)) + "\n" for step, (said, took, at, day) in self.steps.items()))

    def table(self):
        rows = [f"| {step} | {said} | {took / 60:.1f} | {at} | {day} |" for step, (said, took, at, day) in self.steps.items()]
        return "\n".join(["| step | last result | minutes | commit | day |", "|---|---|---|---|---|", *rows])
