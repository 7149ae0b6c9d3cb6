"""Reads every #include of the tree and fails on one that points back, or on a folder's use that its CMakeLists.txt
does not declare. Arrows: apps -> services -> protocol -> mail -> base and services -> storage -> io -> base."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MAY_USE = {
    "base": {"base"},
    "mail": {"mail", "base"},
    "io": {"io", "base"},
    "protocol": {"protocol", "mail", "base"},
    "storage": {"storage", "io", "base"},
    "services": {"services", "protocol", "storage", "mail", "io", "base"},
    "apps": {"apps", "services", "protocol", "storage", "mail", "io", "base"},
    "tests": {"tests", "apps", "services", "protocol", "storage", "mail", "io", "base"},
    "bench": {"bench", "apps", "services", "protocol", "storage", "mail", "io", "base"},
}
# System headers a layer must not touch: who may not know sockets, files and clocks.
FORBIDDEN_SYSTEM = {
    "protocol": re.compile(r"^(sys/.*|netinet/.*|arpa/.*|unistd\.h|fcntl\.h|poll\.h|fstream|filesystem|thread|mutex)$"),
    "mail": re.compile(r"^(sys/.*|netinet/.*|unistd\.h|fcntl\.h|fstream|filesystem|thread|mutex)$"),
}
# A library's header has one owner: heavy ones cost every file that includes them, and a later swap is one file's work.
ONE_FILE = {"CLI/CLI.hpp": 1, "toml++/toml.h": 1, "boost/json.hpp": 2, "boost/json/src.hpp": 1, "seccomp.h": 2, "maxminddb.h": 1}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def complaints():
    owners = {}
    for layer in MAY_USE:
        for file in sorted(p for p in (ROOT / layer).rglob("*") if p.suffix in (".h", ".cc")):
            name = file.relative_to(ROOT).as_posix()
            for match in INCLUDE.finditer(file.read_text(encoding="utf-8")):
                ours, system = match.groups()
                line = file.read_text(encoding="utf-8").count("\n", 0, match.start()) + 1
                if ours:
                    target = ours.split("/")[0]
                    if not (ROOT / ours).exists():
                        yield f"{name}:{line}: \"{ours}\" is no file of the tree; includes are written from its root"
                    elif target not in MAY_USE[layer]:
                        yield f"{name}:{line}: {layer} must not use {target} (\"{ours}\")"
                else:
                    if system in ONE_FILE:
                        owners.setdefault(system, set()).add(name)
                    test_only = re.search(r"_(test|fuzz|bench)\.cc$", name)
                    if layer in FORBIDDEN_SYSTEM and FORBIDDEN_SYSTEM[layer].match(system) and not test_only:
                        yield f"{name}:{line}: {layer} knows no sockets, files, clocks or threads (<{system}>)"
    for header, files in owners.items():
        if len(files) > ONE_FILE[header]:
            yield f"<{header}> belongs into {ONE_FILE[header]} file(s), found in {', '.join(sorted(files))}"


def main():
    found = list(complaints())
    print("\n".join(found) or "every arrow points one way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
