"""What a NAME of ./test may mean, read from the sources before anything is built: programs of unit tests and the files and folders they are
made of, corpora, scenarios, long steps."""
import difflib
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = ("base", "mail", "io", "protocol", "storage", "services", "apps")
LONG_STEPS = ("threads", "fresh-machine")  # beside the scripts of tests/long
HOW_NAMES_LOOK = """\
A name is (part of) that of a scenario in tests/system or tests/dialogues, of a check in tests/arrows, of a program of unit tests (delivery_test) or a corpus
(gateway_fuzz), or it is a unit test's file or a folder, which mean its program: greylist_test.cc, greylist, services/delivery."""


@functools.cache
def programs():
    """Of each program of unit tests the folder it is of and its files (cmake/folder.cmake)."""
    owners = {}
    for top in CODE:
        for file in (ROOT / top).rglob("CMakeLists.txt"):
            if named := re.search(r"hikyaku_folder\((\w+)", file.read_text()):
                owners[file.parent] = named[1] + "_test"
    found = {}
    for top in CODE:
        for file in sorted((ROOT / top).rglob("*_test.cc")):
            folder = next((parent for parent in file.parents if parent in owners), None)
            if folder:
                found.setdefault(owners[folder], (folder, []))[1].append(file)
    return found


@functools.cache
def corpora():
    """Of each corpus the folder of its fuzz target."""
    return {file.stem + "_corpus": file.parent for top in CODE for file in sorted((ROOT / top).rglob("*_fuzz.cc"))}


@functools.cache
def scripts(folder):
    return sorted(file for file in (ROOT / "tests" / folder).glob("*.py") if file.stem != "harness" and not file.stem.startswith("_"))


class Choice:
    """The names that were given; none: everything."""

    def __init__(self, names):
        self.names = [name.removeprefix("./").rstrip("/") for name in names]
        # A scenario may be named by its path.
        self.names = [pathlib.PurePath(name).stem if name.endswith(".py") else name for name in self.names]
        self.units = {unit: folder for unit, folder in all_units().items() if not names or any(means(name, unit) for name in self.names)}

    def __bool__(self):
        return bool(self.names)

    def has(self, name):
        """A scenario's or a step's name."""
        return not self.names or any(one in name for one in self.names)

    def pattern(self):
        """ctest's arguments."""
        return ["-R", "^(" + "|".join(self.units) + ")$"] if self.names else []

    def targets(self, folders=("",)):
        """What is built of the units that were chosen, below these folders."""
        return [unit.removesuffix("_corpus") for unit, folder in self.units.items()
                if any(folder.is_relative_to(ROOT / below) for below in folders)]

    def scripts(self, *folders):
        return [file for folder in folders for file in scripts(folder) if self.has(file.stem)]

    def long_steps(self):
        return [*(file.stem for file in self.scripts("long")), *(step for step in LONG_STEPS if self.has(step))]

    def is_long_alone(self):
        """Whether long steps alone are named: then only what they need is built."""
        return bool(self.names) and bool(self.long_steps()) and not self.units and not self.scripts("dialogues", "system", "arrows")


@functools.cache
def all_units():
    """What ctest knows, with the folder it is of; what it runs of tests/arrows is a script by its own name."""
    return {name: folder for name, (folder, _) in programs().items()} | corpora()


def means(name, unit):
    """Whether the name is the unit's or matches it (ctest takes an expression), or one of its files or folders."""
    if name in unit:
        return True
    try:
        if re.search(name, unit):
            return True
    except re.error:
        pass
    files = programs().get(unit, (None, ()))[1]
    if name.endswith(".cc"):
        return any(name in (file.name, str(file.relative_to(ROOT))) for file in files)
    if any(file.stem.startswith(name) for file in files):
        return True
    return "/" in name and any(str(file.relative_to(ROOT)).startswith(name) for file in files)


def mistakes(names, long, smoke):
    """A sentence for each name that nothing has, with how names look; empty: all have a test to run."""
    said = []
    for name in names:
        one = Choice([name])
        if smoke and not any("SMOKE = True" in file.read_text() for file in one.scripts("system")):
            said.append(f'No scenario of --smoke has "{name}" in its name. Without --smoke all tests are looked at.')
        elif one.units or one.scripts("dialogues", "system", "arrows") or (long and one.long_steps()):
            continue
        elif one.long_steps():
            said.append(f'"{name}" names a long test ({", ".join(one.long_steps())}). Remedy: ./test --long {name}')
        else:
            said.append(f'No test is named "{name}".' + nearest(name))
    if any(one.startswith("No test") for one in said):
        said.append(HOW_NAMES_LOOK)
    return said


def nearest(name):
    files = [file for _, of in programs().values() for file in of]
    names = [re.sub("_(test|fuzz_corpus)$", "", known) for known in (*all_units(), *(file.stem for file in files))]
    names += [file.stem for folder in ("arrows", "dialogues", "system", "long") for file in scripts(folder)]
    near = difflib.get_close_matches(re.sub(r"_(test|fuzz)(\.cc)?$", "", name), dict.fromkeys(names), 3, 0.6)
    return f" Did you mean {' or '.join(near)}?" if near else ""
