"""`hikyaku why` of mail that goes another way than its own names who sent it there: a hold with another route, or `queue redirect`;
and of a destination that nothing is known of it says so, and since when no mail has gone there, instead of calling it healthy."""
import json
import smtplib

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop


def mail(server, to):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [to], f"Subject: to {to}\r\n\r\nHello\r\n")


def why(server, what):
    return json.loads(server.cli("why", what, "--json"))


@scenario
def run(folder):
    with Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "1h"}}) as server, NextHop() as dead, NextHop() as other, NextHop() as fine:
        server.start()
        dead.stop()
        server.cli("route", "import", "-", input=f"old.example,127.0.0.1,{dead.port}\nheld.example,127.0.0.1,{dead.port}\nfine.example,127.0.0.1,{fine.port}\nnever.example,127.0.0.1,9\n")
        by_a_command(server, other)
        to_a_host_that_is_down(server, dead)
        by_a_hold(server, other)
        what_nothing_is_known_of(server, fine)


def by_a_command(server, other):
    mail(server, "x@old.example")
    eventually(lambda: why(server, "old.example")["suggestions"][0]["advice"] == "peer-down", "it is down", 60)
    server.cli("queue", "redirect", "--to-host", f"127.0.0.1:{other.port}", "--domain", "old.example", "--yes")
    eventually(lambda: "x@old.example" in other.recipients, "the other host took it", 60)
    told = eventually(lambda: (answer := why(server, "old.example"))["suggestions"][0]["advice"] == "redirected" and answer, "why tells of it", 60)
    expect(told["redirected"]["to"] == f"127.0.0.1:{other.port}" and told["redirected"]["recipients"] == 1 and told["redirected"]["by"], told)
    text = server.cli("why", "old.example").splitlines()[0]
    expect("was redirected to" in text and "queue redirect" in text, text)


def to_a_host_that_is_down(server, dead):
    """It is the command that sends it there, not the route table."""
    mail(server, "z@old.example")
    item = eventually(lambda: (found := [i for i in json.loads(server.cli("queue", "list", "--json"))["items"] if i.get("attempts")]) and found[0], "it is deferred", 60)
    server.cli("queue", "redirect", "--to-host", f"127.0.0.2:{dead.port}", "--id", item["message"], "--yes")
    told = eventually(lambda: (answer := why(server, item["message"]))["destination"] == f"host:127.0.0.2:{dead.port}" and answer, "it goes there", 60)
    expect(told["hosts"] == [f"127.0.0.2 [127.0.0.2]:{dead.port}"] and told["redirected"] == {"to": f"127.0.0.2:{dead.port}"}, told)
    advice = [one["advice"] for one in told["suggestions"]]
    expect("redirected" in advice and "route" not in advice, told)
    server.cli("queue", "delete", "--id", item["message"], "--yes")


def by_a_hold(server, other):
    server.cli("hold", "add", "--destination", "held.example", "--other-route", f"127.0.0.1:{other.port}", "--reason", "the disk is exchanged")
    told = why(server, "held.example")
    expect(told["suggestions"][0]["advice"] == "redirected" and told["destination"] == f"host:127.0.0.1:{other.port}", told)
    expect(told["redirected"]["hold"] == 1 and told["redirected"]["reason"] == "the disk is exchanged" and "hold" not in told, told)
    mail(server, "y@held.example")
    eventually(lambda: "y@held.example" in other.recipients, "it goes the other way", 60)
    told = why(server, "held.example")
    expect(told["suggestions"][0]["advice"] == "redirected" and "hikyaku hold release 1" in told["suggestions"][0]["text"], told)


def what_nothing_is_known_of(server, fine):
    told = why(server, "never.example")
    expect(told["state"]["health"] == "unknown" and "last_try" not in told, told)
    expect("no mail has gone there in 7 days" in told["suggestions"][0]["text"], told)
    mail(server, "z@fine.example")
    eventually(lambda: "z@fine.example" in fine.recipients, "taken", 60)
    eventually(lambda: why(server, "fine.example")["state"]["health"] == "healthy", "it answers", 60)
    server.cli("service", "restart", "deliver")  # a new life knows nothing of it
    told = eventually(lambda: (answer := why(server, "fine.example")).get("state", {}).get("health") == "unknown" and answer, "nothing is known", 60)
    expect("last_try" in told, told)
    expect("no mail has gone there since" in server.cli("why", "fine.example"), server.cli("why", "fine.example"))
