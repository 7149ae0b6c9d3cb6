"""CPU seconds used by a process and all its children, dead ones included."""
import os
import pathlib

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2:].split()


def _children():
    tree = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                tree.setdefault(int(_stat(entry.name)[1]), []).append(int(entry.name))
            except (OSError, ValueError):
                continue
    return tree


def family(pid):
    """The pid and all its living descendants."""
    tree, found, todo = _children(), [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += tree.get(one, [])
    return found


def seconds(pid):
    """User and system time of the family; time of children that ended is in their waiting parent's account."""
    total = 0
    for member in family(pid):
        try:
            fields = _stat(member)
        except OSError:
            continue
        total += sum(int(fields[i]) for i in (11, 12, 13, 14))
    return total / TICK
