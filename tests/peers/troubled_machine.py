"""A machine whose wall clock the test sets, and whose disk fails to flush, for every process started after it.

    machine = TroubledMachine(folder)       # in a mount namespace of its own (_namespaces.enter("mount"))
    machine.set_clock_by(3600)              # an hour forward of where it is; negative: back. The steady clock goes on
    machine.fail_flushes("deliver", 3)      # one in three of that service's, from now on; 0: none
"""
import mmap
import os
import pathlib
import shutil
import struct
import subprocess

SOURCE = pathlib.Path(__file__).with_name("troubled_machine.c")


class TroubledMachine:
    """By /etc/ld.so.preload of a copy of /etc, which only this namespace sees: services get no environment of ours."""

    def __init__(self, folder):
        folder = pathlib.Path(folder) / "machine"
        folder.mkdir()
        page, library, etc = folder / "page", folder / "troubled_machine.so", folder / "etc"
        page.write_bytes(bytes(48))
        subprocess.run([shutil.which("clang-19") or shutil.which("cc"), "-shared", "-fPIC", "-O2", f'-DPAGE_FILE="{page}"', "-o", library, SOURCE], check=True)
        subprocess.run(["cp", "-a", "/etc", etc], check=True)
        for path in (folder, library, etc):
            os.chmod(path, 0o755)
        os.chmod(page, 0o644)
        (etc / "ld.so.preload").write_text(f"{library}\n")
        subprocess.run(["mount", "--bind", etc, "/etc"], check=True)
        self.seconds, self.service, self.one_in = 0, "", 0
        with open(page, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 48)

    def _write(self):
        self.page[:48] = struct.pack("qq32s", self.seconds * 1_000_000_000, self.one_in, self.service.encode())

    def set_clock_by(self, seconds):
        self.seconds += seconds
        self._write()

    def fail_flushes(self, service, one_in):
        self.service, self.one_in = service, one_in
        self._write()
