"""Strangers reach local and relay domains only, whatever the route table says; listed networks and logged-in users reach
all; a login sends from its own addresses only."""
import smtplib

from harness import DOMAIN, HANAKO, PASSWORD, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

STRANGER = "stranger@b.example"


def rcpt(server, recipient, sender=STRANGER, source="127.0.0.1"):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=(source, 0)) as client:
        client.ehlo()
        client.docmd("MAIL", f"FROM:<{sender}>")
        code, reply = client.docmd("RCPT", f"TO:<{recipient}>")
        return code, reply.decode()


@scenario
def run(folder):
    with Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5/32", "127.0.8.0/24"]}}) as server, NextHop() as hop:
        server.start()
        for row in ("*", "*.example", "far.example", "someone@far.example"):
            server.cli("route", "add", f"{row},127.0.0.1,{hop.port}")
        refused = [("someone@far.example", STRANGER), ("someone@far.example", HANAKO), ("someone@sub.far.example", STRANGER),
                   ("someone%far.example@c.example", STRANGER), ("someone@[127.0.0.1]", STRANGER), ("someone@far.example", ""),
                   ("@a.example:someone@far.example", STRANGER), ('"someone@far.example"@c.example', STRANGER)]
        for recipient, sender in refused:
            code, reply = rcpt(server, recipient, sender)
            expect(code in (550, 553, 501), f"{recipient} from a stranger ({sender}): {code} {reply}")
        for inside in ("someone@far.example@a.example", f"someone%far.example@{DOMAIN}", f"someone!far.example@{DOMAIN}", f'"someone@far.example"@{DOMAIN}'):
            code, reply = rcpt(server, inside)
            expect(code >= 500, f"{inside} from a stranger: {code} {reply}")
        expect(rcpt(server, HANAKO)[0] == 250, "a local recipient")
        for source in ("127.0.0.6", "127.0.9.1", "127.0.7.255"):
            expect(rcpt(server, "someone@far.example", source=source)[0] == 550, f"{source} is not listed")
        for source in ("127.0.0.5", "127.0.8.0", "127.0.8.255"):
            expect(rcpt(server, "someone@far.example", source=source)[0] == 250, f"{source} is listed")
        server.cli("domain", "add", "relayed.example", "--relay")
        eventually(lambda: rcpt(server, "any@relayed.example")[0] == 250, "a relay domain is open to all")
        expect(rcpt(server, "any@sub.relayed.example")[0] == 550, "its subdomain is not")
        logged_in(server, hop)


def logged_in(server, hop):
    server.cli("alias", "add", f"sales@{DOMAIN}", TARO)
    for tls, port in ((True, server.submission_port), (True, server.smtp_port), ("inside", None)):
        with server.smtp(port=port, tls=tls, user=TARO) as client:
            for forged in (HANAKO, STRANGER, f"nobody@{DOMAIN}", "taro@b.example", f"hanako+taro@{DOMAIN}"):
                code, reply = client.docmd("MAIL", f"FROM:<{forged}>")
                expect(code == 553 and reply.startswith(b"5.7.1"), f"taro as {forged}: {code} {reply}")
            for own in (TARO, TARO.upper(), f"taro+tag@{DOMAIN}", f"sales@{DOMAIN}"):
                code, reply = client.docmd("MAIL", f"FROM:<{own}>")
                expect(code == 250, f"taro as {own}: {code} {reply}")
                client.docmd("RSET")
            client.sendmail(TARO, ["someone@far.example"], "Subject: out\r\n\r\nHello\r\n")
    eventually(lambda: hop.recipients == ["someone@far.example"] * 3, "three mails sent on")

    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.ehlo()
        client.login(TARO, PASSWORD)
        client.starttls(context=server.context())
        client.ehlo()
        client.docmd("MAIL", f"FROM:<{TARO}>")
        code, reply = client.docmd("RCPT", "TO:<someone@far.example>")
        expect(code == 550 and reply.startswith(b"5.7.1"), f"a login before STARTTLS is forgotten: {code} {reply}")

    for user, password in ((TARO, "wrong"), ("nobody@a.example", PASSWORD), (TARO, ""), ("", PASSWORD), (None, None)):
        with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=30) as client:
            client.starttls(context=server.context())
            client.ehlo()
            if user is not None:
                try:
                    client.login(user, password)
                except smtplib.SMTPAuthenticationError as refused:
                    expect(refused.smtp_code in (535, 501), f"{user}: {refused}")
                else:
                    raise AssertionError(f"{user} with {password!r} got in")
            code, reply = client.docmd("MAIL", f"FROM:<{TARO}>")
            expect(code == 530 and reply.startswith(b"5.7.0"), f"submission without a login: {code} {reply}")
            client.login(TARO, PASSWORD)
            expect(client.docmd("MAIL", f"FROM:<{TARO}>")[0] == 250, "after failed logins a right one")
