"""swaks with STARTTLS, TLS from the start, and LMTP."""
import subprocess

from harness import HANAKO, PASSWORD, TARO, Server, expect, need, scenario


@scenario
def run(folder):
    need("swaks")
    with Server(folder).start() as server:
        def swaks(*arguments):
            done = subprocess.run(["swaks", "--timeout", "30", "-f", TARO, "-t", HANAKO, *arguments], capture_output=True, text=True)
            expect(done.returncode == 0, f"swaks {arguments}:\n{done.stdout}{done.stderr}")

        login = ["-au", TARO, "-ap", PASSWORD]
        swaks("--server", f"127.0.0.1:{server.submission_port}", "-tls", "-a", "PLAIN", *login, "--header", "Subject: one")
        swaks("--server", f"127.0.0.1:{server.submissions_port}", "-tlsc", "-a", "LOGIN", *login, "--header", "Subject: two")
        swaks("--server", f"127.0.0.1:{server.lmtp_port}", "--protocol", "LMTP", "--header", "Subject: three")
        swaks("--server", f"127.0.0.1:{server.smtp_port}", "--pipeline", "--header", "Subject: four")
        server.wait_for_subjects(["one", "two", "three", "four"])
