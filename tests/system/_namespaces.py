"""Runs the whole scenario in namespaces of its own, where port 25 of every loopback address is free, or where a mounted
file system is seen by nobody else and goes with the last process."""
import fcntl
import os
import socket
import struct
import subprocess
import sys

ENTERED = "HIKYAKU_NAMESPACES"


def enter(*kinds):
    """Called before anything else: starts the program again inside; ends it with 77 where that is not allowed."""
    if os.environ.get(ENTERED) != " ".join(kinds):
        options = [f"--{kind}" for kind in kinds]
        if subprocess.run(["unshare", *options, "true"], capture_output=True).returncode != 0:
            print(f"this user may not make a namespace of its own ({', '.join(kinds)})")
            sys.exit(77)
        os.environ[ENTERED] = " ".join(kinds)
        os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])
    if "net" in kinds:
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
