"""Where the kernel has no landlock or no seccomp filters, or confinement is switched off, mail flows, and the log, the status
and the list of services say what is missing and what to do."""
import ctypes
import os
import pathlib
import platform
import struct
import sys

from harness import Server, Skip, eventually, expect, scenario

NUMBERS = {"x86_64": {"landlock": 444, "seccomp": 317, "prctl": 157}, "aarch64": {"landlock": 444, "seccomp": 277, "prctl": 167}}
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # of the packet filter machine
ALLOW, ENOSYS = 0x7FFF0000, 0x00050000 + 38
NAMES = {"landlock": "no landlock", "seccomp": "no seccomp", "both": "none"}


def hide(what):
    """Makes this process, and all it starts, believe in a kernel without `what`."""
    numbers = NUMBERS[platform.machine()]
    calls = [numbers["landlock"]] if what in ("landlock", "both") else []
    calls += [numbers["seccomp"]] if what in ("seccomp", "both") else []
    code = [(LOAD, 0, 0, 0)]
    for call in calls:
        code += [(EQUAL, 0, 1, call), (RETURN, 0, 0, ENOSYS)]
    if what != "landlock":  # the older way to set a filter
        code += [(EQUAL, 0, 3, numbers["prctl"]), (LOAD, 0, 0, 16), (EQUAL, 0, 1, PR_SET_SECCOMP), (RETURN, 0, 0, ENOSYS)]
    code += [(RETURN, 0, 0, ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in code))
    header = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(code), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "a filter cannot be set here")


def said(server):
    """What each process said of its confinement, and what the two commands print about it."""
    found = {p["name"]: p.get("confinement") for s in server.status()["services"] if s["state"] != "not configured" for p in s["processes"]}
    return found, server.cli("status"), server.cli("service", "list")


def check(server, name, words):
    found, *texts = said(server)
    expect(len(found) >= 6 and set(found.values()) == {name}, f"the status: {found}")
    for text in texts:
        expect(("WARNING: " in text) == bool(words) and words in text, f"the commands: {text}")
    warned = lambda: {e["service"] for e in server.events("servicelog") if e["event"] == "service.unconfined" and words in e["reason"]}
    eventually(lambda: warned() == (set(found) if words else set()), "the log tells the same")
    server.send(subject=name, sender="stranger@b.example")
    server.wait_for_subjects([name])


def hidden_run(what):
    """Runs in a process of its own, since what is hidden stays hidden."""
    import harness
    import tempfile
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hk-"))
    os.chmod(folder, 0o755)
    try:
        with Server(folder).start() as server:
            check(server, NAMES[what], {"landlock": "the kernel has no landlock", "seccomp": "the kernel has no seccomp filters",
                                        "both": "neither landlock nor seccomp"}[what])
    finally:
        harness.shutil.rmtree(folder, ignore_errors=True)


@scenario
def run(folder):
    if platform.machine() not in NUMBERS:
        raise Skip(f"system call numbers of {platform.machine()} are not known here")
    with Server(folder / "plain").start() as server:
        if said(server)[0]["auth"] != "full":
            raise Skip("this kernel is weak itself")
        check(server, "full", "")
    with Server(folder / "off", settings={"serve": {"confine": False}}).start() as server:
        check(server, "switched off", "[serve] confine is false")
    for what in NAMES:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                hide(what)
                hidden_run(what)
                status = 0
            except BaseException as problem:  # noqa: the child answers by its status
                print(f"{what}: {problem}", flush=True)
            sys.stdout.flush()
            os._exit(status)
        _, status = os.waitpid(child, 0)
        expect(status == 0, f"a kernel without {what}")
