"""Postfix policy servers as an outside hook at RCPT: a real postgrey greylists and lets in who comes again, a real policyd-spf puts its field above ours; what each action of the
protocol does, per recipient; and a server that is stopped costs those alone who need it."""
import email
import signal

from harness import DOMAIN, HANAKO, PASSWORD, TARO, Server, Skip, eventually, expect, scenario
from peers.policy_servers import Postgrey, Saying, Spawned, installed

STRANGER = "someone@b.example"
OTHERS = ["held", "thrown", "refused", "deferred", "marked"]


def rcpt(server, *recipients, sender=STRANGER, text=None):
    """The answers to RCPT, or the codes of all with the text's."""
    answers = server.offer(text, recipients, sender, "mail.b.example")
    return answers if text is None else [code for code, _ in answers]


def stored(server, subject, user=HANAKO):
    return email.message_from_bytes(server.stored(subject, user))


def real_servers(server, postgrey, spf):
    server.change_settings(filters={"policy_servers": [f"spf=127.0.0.1:{spf.port}", f"postgrey=127.0.0.1:{postgrey.port}"]})
    (code, words), = rcpt(server, HANAKO)
    expect(code == 450 and "Greylisted" in words, f"{code} {words}")
    refused = eventually(lambda: [e for e in server.events("receivelog") if e["event"] == "recipient.refused"], "in the log")
    expect(refused[-1]["rule"] == "policy_server" and refused[-1]["reason"].startswith("postgrey: "), f"{refused[-1]}")
    eventually(lambda: rcpt(server, HANAKO)[0][0] == 250, "who comes again is let in", 60)
    codes = rcpt(server, HANAKO, text="Subject: came again\r\n\r\nHello\r\n")
    expect(codes == [250, 250], f"{codes}")
    names = [name.lower() for name in stored(server, "came again").keys()]
    expect("x-comment" in names[:names.index("received")], f"policyd-spf's field is above ours: {names}")
    # Whoever is known is not asked: a login.
    with server.smtp(port=server.submissions_port, tls="inside", user=TARO) as client:
        client.sendmail(TARO, [HANAKO], "Subject: of a login\r\n\r\nHello\r\n")
    stored(server, "of a login")


def each_action(server):
    actions = {"held": "HOLD looks odd", "thrown": "DISCARD", "refused": "REJECT Not for you", "deferred": "451 4.3.9 Later", "marked": "PREPEND X-Policy: seen"}
    with Saying(actions) as saying:
        server.change_settings(filters={"policy_servers": [f"own=127.0.0.1:{saying.port}"]})
        answers = rcpt(server, *(f"{name}@{DOMAIN}" for name in OTHERS), HANAKO)
        expect([code for code, _ in answers] == [250, 250, 554, 451, 250, 250] and "Not for you" in answers[2][1] and "4.3.9 Later" in answers[3][1], f"{answers}")
        wanted = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP", "client_address": "127.0.0.1", "helo_name": "mail.b.example", "sender": STRANGER, "sasl_username": ""}
        expect(all(saying.asked[-1].get(name) == value for name, value in wanted.items()), f"{saying.asked[-1]}")
        expect(len({one["instance"] for one in saying.asked[-6:]}) == 1, "one instance for one message")
        codes = rcpt(server, *(f"{name}@{DOMAIN}" for name in ("held", "thrown", "marked")), HANAKO, text="Subject: apart\r\n\r\nHello\r\n")
        expect(codes == [250] * 5, f"{codes}")
        expect(stored(server, "apart")["X-Policy"] == "seen" and stored(server, "apart", f"marked@{DOMAIN}"), "the others have it")
        entries = server.quarantined()
        expect(len(entries) == 1 and sorted(entries[0]["recipients"]) == [f"held@{DOMAIN}", f"thrown@{DOMAIN}"] and "looks odd" in entries[0]["why"], f"those copies are kept: {entries}")
        expect(server.subjects(f"held@{DOMAIN}") == [], "and not delivered")
        server.change_settings(rules={"policy_server": "shadow"})
        expect([code for code, _ in rcpt(server, f"refused@{DOMAIN}")] == [250], "in shadow it has no effect")
        found = eventually(lambda: [e for e in server.events("receivelog") if e["event"] == "rule.found" and e.get("rule") == "policy_server" and e.get("mode") == "shadow"], "but is logged")
        expect("Not for you" in found[-1]["reason"], f"{found[-1]}")
        server.change_settings(rules={"policy_server": "enforce"})


def one_that_is_stopped(server, postgrey):
    server.change_settings(filters={"policy_servers": [f"stopped=127.0.0.1:{postgrey.port} timeout=2s"], "rest": "1s"})
    postgrey.signal(signal.SIGSTOP)
    expect(rcpt(server, HANAKO)[0][0] == 451, "put off")
    with server.smtp(port=server.submissions_port, tls="inside", user=TARO) as client:
        client.sendmail(TARO, [HANAKO], "Subject: meanwhile\r\n\r\nHello\r\n")
    server.change_settings(filters={"policy_servers": [f"stopped=127.0.0.1:{postgrey.port} timeout=2s away=pass"]})
    expect(rcpt(server, HANAKO)[0][0] == 250, "away=pass")
    postgrey.signal(signal.SIGCONT)
    server.change_settings(filters={"policy_servers": [f"stopped=127.0.0.1:{postgrey.port} timeout=20s"]})
    eventually(lambda: rcpt(server, HANAKO, sender="new@c.example")[0][0] == 450, "it is asked again", 60)


@scenario
def run(folder):
    if not installed():
        raise Skip("postgrey or policyd-spf is not installed")
    # Nobody here is exempt, and no rule of ours asks DNS.
    settings = {"policy": {"exempt_networks": [], "authentication_results": False}, "rules": {"spf": "off", "dmarc": "off", "hello_name": "off"}}
    with Postgrey(folder / "postgrey") as postgrey, Spawned("policyd-spf") as spf, Server(folder, settings=settings) as server:
        server.start()
        for name in OTHERS:
            server.add_account(f"{name}@{DOMAIN}", PASSWORD)
        real_servers(server, postgrey, spf)
        each_action(server)
        one_that_is_stopped(server, postgrey)
