"""packaging/: systemd understands the unit, what it needs is what it is given, and the server works with the unit's capabilities
alone, its data folder belonging to another user."""
import os
import pathlib
import pwd
import re
import shutil
import subprocess

from harness import HANAKO, Server, Skip, expect, need, scenario
from peers.hikyaku import binary

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"


def unit(folder):
    text = (PACKAGING / "hikyaku.service.in").read_text()
    text = text.replace("@CMAKE_INSTALL_FULL_BINDIR@/hikyaku", str(binary())).replace("@CMAKE_INSTALL_FULL_DOCDIR@", "/usr/share/doc/hikyaku")
    expect("@" not in re.sub(r"SystemCallFilter=.*", "", text), "every name of the build is filled in")
    path = folder / "hikyaku.service"
    path.write_text(text)
    return path, text


def installed(folder):
    """What the package holds: cmake --install into another root, where the binary comes from a build tree."""
    build = binary().resolve().parents[2]
    if not (build / "cmake_install.cmake").exists() or not shutil.which("cmake"):
        return
    root = folder / "installed"
    made = subprocess.run(["cmake", "--install", build, "--prefix", "/usr"], capture_output=True, text=True, env={**os.environ, "DESTDIR": str(root)})
    expect(made.returncode == 0, f"cmake --install: {made.stderr}")
    for file in ("bin/hikyaku", "lib/systemd/system/hikyaku.service", "lib/sysusers.d/hikyaku.conf", "lib/tmpfiles.d/hikyaku.conf",
                 "share/doc/hikyaku/hikyaku.toml.example"):
        expect((root / "usr" / file).is_file(), f"{file} is installed")
    said = (root / "usr/lib/systemd/system/hikyaku.service").read_text()
    expect("ExecStart=/usr/bin/hikyaku --config /etc/hikyaku/hikyaku.toml serve" in said, f"the unit starts what was installed: {said}")
    shutil.rmtree(root)


@scenario
def run(folder):
    path, text = unit(folder)
    need("systemd-analyze")
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"})
    complaints = [line for line in (verified.stdout + verified.stderr).splitlines() if "hikyaku" in line]
    expect(not complaints, f"systemd-analyze verify: {complaints}")
    for name, tool in (("sysusers", "systemd-sysusers"), ("tmpfiles", "systemd-tmpfiles")):
        if not shutil.which(tool):
            continue
        root = folder / f"root-{name}"
        for inside in ("etc", "var/lib"):
            (root / inside).mkdir(parents=True, exist_ok=True)
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nhikyaku:x:999:999::/:/usr/sbin/nologin\n" if name == "tmpfiles" else "root:x:0:0:root:/root:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\nhikyaku:x:999:\n" if name == "tmpfiles" else "root:x:0:\n")
        made = subprocess.run([tool, f"--root={root}", *(["--create"] if name == "tmpfiles" else []), PACKAGING / f"hikyaku.{name}"], capture_output=True, text=True)
        expect(made.returncode == 0, f"{tool}: {made.stderr}")
        if name == "sysusers":
            expect("hikyaku:" in (root / "etc/passwd").read_text(), "the user is made")
        else:
            expect((root / "var/lib/hikyaku").stat().st_mode & 0o7777 == 0o750, "the data folder is the services' alone")

    installed(folder)
    need("setpriv")
    if os.geteuid() != 0:
        raise Skip("only root can give the services another user")
    allowed = re.search(r"^CapabilityBoundingSet=(.*)$", text, re.M).group(1).lower().replace("cap_", "+").split()
    wrapper = folder / "hikyaku"
    wrapper.write_text(f"#!/bin/sh\nexec setpriv --no-new-privs --bounding-set=-all,{','.join(allowed)} {binary()} \"$@\"\n")
    wrapper.chmod(0o755)
    with Server(folder, program=wrapper) as server:
        nobody = pwd.getpwnam("nobody")
        os.chown(server.data, nobody.pw_uid, nobody.pw_gid)
        os.chmod(server.data, 0o750)
        server.start()
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        expect(int(re.search(r"CapBnd:\s*(\w+)", status).group(1), 16).bit_count() == len(allowed), f"the supervisor has the unit's capabilities: {status}")
        server.send(HANAKO, subject="under the unit")
        server.wait_for_subjects(["under the unit"])
        server.cli("service", "restart", "deliver")
        server.cli("config", "reload")
        server.send(HANAKO, subject="after a restart")
        server.wait_for_subjects(["after a restart"])
        expect(server.stop() == 0, "it stops in order")
