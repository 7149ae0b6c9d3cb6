"""While DNS is silent a stranger waits for its reverse name, and nobody else does: who logs in, on either port, and networks that may relay or are exempt."""
import smtplib
import socket
import subprocess
import threading

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, TARO, Server, expect, scenario  # noqa: E402

STRANGER, RELAY, EXEMPT = "44.0.0.9", "44.0.1.3", "44.0.2.4"  # not of loopback: nobody is asked for names there


def reply_to(server, source, user=None, port=None):
    with smtplib.SMTP("127.0.0.1", port or server.smtp_port, timeout=120, source_address=(source, 0), local_hostname="client.example") as client:
        client.ehlo()
        if user:
            client.starttls(context=server.context())
            client.ehlo()
            client.login(user, "correct horse 1")
        client.mail(user or "a@outside.example")
        return client.rcpt(HANAKO)[0]


@scenario
def run(folder):
    for address in (STRANGER, RELAY, EXEMPT):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    rules = {"reverse_name": "enforce", "sender_domain": "enforce", "spf": "enforce"}
    with silent, Server(folder, settings={"rules": rules, "delivery": {"hosts_file": "", "resolvers": [f"127.0.0.1@{silent.getsockname()[1]}"]}, "smtp": {"relay_networks": [RELAY]},
                                          "policy": {"exempt_networks": [EXEMPT], "reverse_name": "refuse", "sender_domain": "refuse", "dns_timeout": "60s"}}) as server:
        server.start()
        answered = []
        stranger = threading.Thread(target=lambda: answered.append(reply_to(server, STRANGER)))
        stranger.start()
        silent.settimeout(60)
        silent.recv(512)  # its name is being asked for
        for who, code in (("relay", reply_to(server, RELAY)), ("exempt", reply_to(server, EXEMPT)), ("submission", reply_to(server, STRANGER, TARO, server.submission_port)),
                          ("login on port 25", reply_to(server, STRANGER, TARO))):
            expect(code == 250, f"{who} is taken: {code}")
        expect(not answered, "while the stranger still waits")
        server.change_settings(policy={"dns_timeout": "1s"})
        code = reply_to(server, STRANGER)
        expect(code == 450, f"DNS that fails puts off, though the rules say refuse: {code}")
        stranger.join()
        expect(answered == [450], f"the first one too, in the end: {answered}")
