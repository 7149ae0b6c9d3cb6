"""ETRN (RFC 1985): an inner server that is back asks for its mail and gets it at once, though its next try is an hour away;
a stranger, an account of another domain, a domain of nobody here and a wish repeated at once get nothing. The inner server is Postfix where it is there."""
import shutil
import smtplib

from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers import net
from peers.next_hop import NextHop
from peers.postfix import Postfix


def ask(server, source, *wishes):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=(source, 0)) as client:
        client.ehlo()
        expect(client.has_extn("etrn") == (source == "127.0.0.9"), "announced to who may use it")
        return [client.docmd("ETRN", wish) if wish else client.docmd("ETRN") for wish in wishes]


@scenario
def run(folder):
    inner, other = net.free_port(), net.free_port()
    server = Server(folder, settings={"smtp": {"etrn_networks": ["127.0.0.9"]}, "delivery": {"retry_interval": "4h", "unanswered_period": "48h"}})
    with server:
        server.start()
        for domain, port in (("b.example", inner), ("sub.c.example", other)):
            server.cli("domain", "add", domain, "--relay")
            server.cli("route", "add", f"{domain},127.0.0.1,{port}")
        for recipient in ("x@b.example", "y@b.example", "z@sub.c.example"):
            server.send(recipient, subject=recipient)
        eventually(lambda: server.cli("queue", "list").count("@b.example") == 2, "it waits")

        expect([code for code, _ in ask(server, "127.0.0.1", "b.example", "@b.example")] == [459, 459], "nothing for a stranger")
        answers = ask(server, "127.0.0.9", "", "#b.example", "elsewhere.example", "-", "[127.0.0.1]")
        expect([code for code, _ in answers] == [501, 458, 459, 501, 501], f"nothing for what is not ours: {answers}")
        with server.smtp(tls=True, user=TARO) as client:
            answers = [client.docmd("ETRN", wish)[0] for wish in ("b.example", "@b.example", "sub.c.example", "a.example")]
            expect(answers == [459, 459, 459, 250], f"an account may ask for its own domain's alone: {answers}")
        with server.smtp(tls=True, user=HANAKO) as client:
            expect(client.docmd("ETRN", "a.example")[0] == 459, "and only as its postmaster")
        with server.smtp() as client:
            client.ehlo()
            client.mail(TARO)
            expect(client.docmd("ETRN", "b.example")[0] == 503, "nor inside a transaction")

        if shutil.which("postfix"):
            hop = Postfix(folder / "postfix", hold=True, port=inner)
            arrived = lambda: len(hop.queue_ids()) == 2
        else:
            hop = NextHop(port=inner)
            arrived = lambda: len(hop.transactions) == 2
        hop.start()
        try:
            answers = ask(server, "127.0.0.9", "b.example", "b.example")
            expect(answers[0] == (250, b"2.0.0 Queuing for node b.example started"), f"it is taken: {answers}")
            expect(answers[1][0] == 458, f"a wish repeated at once is not: {answers}")
            eventually(arrived, "both come at once, hours before their time", 60)
        finally:
            hop.stop()
        with NextHop(port=other) as below:
            expect(ask(server, "127.0.0.9", "@c.example")[0][0] in (250, 459), "the domain above may be nobody's")
            ask(server, "127.0.0.9", "@sub.c.example")
            eventually(lambda: len(below.transactions) == 1, "the other inner server's too", 60)
        eventually(lambda: "example" not in server.cli("queue", "list", "--json").replace('"items":[]', ""), "nothing waits")
