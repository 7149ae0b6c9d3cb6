"""Only root and the server's own user are heard on the control socket."""
import os
import subprocess

from harness import Server, Skip, expect, scenario


@scenario
def run(folder):
    if os.geteuid() != 0:
        raise Skip("needs root, to be somebody else")
    with Server(folder, accounts=False).start() as server:
        os.chmod(server.data, 0o755), os.chmod(server.data / "run", 0o755)
        os.chmod(server.data / "run" / "control.sock", 0o777)
        done = subprocess.run(["setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups", server.program, "--config", server.config,
                               "service", "stop", "receive"], capture_output=True, text=True, env={"LANG": "C", "PATH": "/usr/bin:/bin"})
        expect(done.returncode != 0 and "may not command" in done.stderr, f"refused with a reason: {done.stderr}{done.stdout}")
        expect(server.states()["receive"] == "running", "and nothing happened")
