"""No open relay: the classic forms and our own, over IPv4 and IPv6, with and without a failed login, are all refused; only a login or a listed network
sends elsewhere; forged local senders of strangers are refused."""
import json
import smtplib
import subprocess

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, TARO, Server, eventually, expect, scenario  # noqa: E402

STRANGERS = ("44.0.0.1", "2001:db8:44::1")


def rcpt(server, host, source, sender, recipient):
    with smtplib.SMTP(host, server.smtp_port, timeout=60, source_address=(source, 0)) as client:
        client.ehlo("stranger.example")
        code, text = client.docmd("MAIL", f"FROM:<{sender}>")
        if code != 250:
            return code, text.decode()
        code, text = client.docmd("RCPT", f"TO:<{recipient}>")
        return code, text.decode()


@scenario
def run(folder):
    subprocess.run(["ip", "address", "add", f"{STRANGERS[0]}/32", "dev", "lo"], check=True)
    subprocess.run(["ip", "address", "add", f"{STRANGERS[1]}/128", "dev", "lo", "nodad"], check=True)
    with Server(folder, settings={"delivery": {"hosts_file": "", "resolvers": ["127.0.0.1@9"]}, "policy": {"authentication_results": False}}) as server:
        server.listen_also(f"[::1]:{server.smtp_port}")
        server.start()
        tried = json.loads(server.cli("policy", "relay-test", "--json"))
        expect({one["at"].rsplit(":", 1)[0] for one in tried} == {"127.0.0.1", "[::1]"}, "over IPv4 and IPv6")
        expect(len(tried) >= 70 and not any(one["open"] for one in tried), f"nothing is passed on: {[one for one in tried if one['open']]}")
        expect(not any("did not answer" in one["reply"] for one in tried), "each form was answered")
        expect(any(one["after_failed_login"] for one in tried), "after a failed login too")
        forms = [(one["sender"], one["recipient"]) for one in tried if "[::1]" not in one["at"] and not one["after_failed_login"]]
        for host, source in (("127.0.0.1", STRANGERS[0]), ("::1", STRANGERS[1])):
            for sender, recipient in forms:
                code, text = rcpt(server, host, source, sender, recipient)
                expect(code >= 500, f"a stranger from {source}: {sender} -> {recipient}: {code} {text}")
            code, text = rcpt(server, host, source, TARO, HANAKO)
            expect(code == 550 and "Log in to send as" in text, f"a forged local sender: {code} {text}")
            expect(rcpt(server, host, source, "", HANAKO)[0] == 250, "error mail for our users is welcome")
        server.cli("alias", "add", "*@a.example", TARO)
        taken = json.loads(server.cli("policy", "relay-test", "--json"))
        expect(not any(one["open"] for one in taken), "a catch-all alias opens nothing")
        # The test can fail: a listed network may relay.
        server.change_settings(smtp={"relay_networks": ["127.0.0.0/8"]})

        def told():
            run = subprocess.run([server.program, "--config", server.config, "policy", "relay-test"], capture_output=True, text=True, env={"LANG": "C"})
            return run.returncode == 1 and "OPEN" in run.stdout
        eventually(told, "what is open is told", 30)
