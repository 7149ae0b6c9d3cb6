"""./test says at once which of its names nothing has, and takes those of files and folders of unit tests. Builds nothing."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import test_names  # noqa: E402

# A name, the program of unit tests or the scenario that it means.
KNOWN = (("scheduler", "delivery_test"), ("greylist_test.cc", "policy_test"), ("services/spool/incoming_test.cc", "spool_test"), ("services/spool/incoming_test", "spool_test"),
         ("./services/delivery/", "delivery_test"), ("delivery_test", "delivery_test"), ("gateway_fuzz", "gateway_fuzz_corpus"), ("history", "history_test"),
         ("nobody_relays", "nobody_relays"), ("tests/system/nobody_relays.py", "nobody_relays"), ("^spool_test$", "spool_test"), ("arrows", "arrows_point_one_way"))
UNKNOWN = (((), ("no_such_thing",), "no_such_thing"), ((), ("foo_test.cc",), "foo_test.cc"), ((), ("nobody_relays", "delivry"), "delivry"), ((), ("[",), "["), ((), ("services/nothing",), "services/nothing"),
           ((), ("scheduler_seeds",), "./test --long scheduler_seeds"), ((), ("threads",), "./test --long threads"), (("--smoke",), ("delivery_test",), "--smoke"))


def complaints():
    for name, meant in KNOWN:
        choice = test_names.Choice([name])
        found = [*choice.units, *(file.stem for file in choice.scripts("dialogues", "system", "arrows"))]
        if meant not in found or test_names.mistakes([name], False, False):
            yield f"{name} does not mean {meant}, but {found}"
    for options, names, said in UNKNOWN:
        done = subprocess.run([ROOT / "test", *options, *names], capture_output=True, text=True, timeout=60)
        if done.returncode != 2 or said not in done.stdout or "building" in done.stdout:
            yield f"./test {' '.join((*options, *names))}: {done}"
    if test_names.mistakes(["scheduler_seeds", "threads"], True, False):
        yield "long steps are not known with --long"
    if "Did you mean delivery" not in "".join(test_names.mistakes(["delivry"], False, False)):
        yield "the nearest name is not told"
    if test_names.Choice(["spool_test"]).targets(["io"]) or "spool_test" not in test_names.Choice(["spool_test"]).targets(["services/spool"]):
        yield "a program is not built for its folder alone"


found = list(complaints())
print("\n".join(found) or "./test knows its names")
sys.exit(1 if found else 0)
