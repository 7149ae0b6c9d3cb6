"""With automatic_hold a host of the route table that does not answer is held without anybody asking: nothing expires, the log and hold
list tell why; when the host answers again the hold is released and the mail goes."""
import json
import smtplib
import time

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

LOCAL = ("127.0.0.5", 0)


def mail(server, number, to):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=LOCAL) as client:
        client.sendmail(HANAKO, [f"r{number}@{to}"], f"Subject: number {number}\r\n\r\nHello {number}\r\n")


def holds(server, *arguments):
    return json.loads(server.cli("hold", "list", "--json", *arguments))["holds"]


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "unanswered_period": "40s", "propose_hold_after": "1s", "automatic_hold": True}}
    with Server(folder, settings=settings) as server, NextHop() as inner:
        server.start()
        server.cli("route", "add", f"inner.example,127.0.0.1,{inner.port}")
        inner.stop()
        for number in range(3):
            mail(server, number, "inner.example")
        made = eventually(lambda: holds(server), "a hold is made", 30)
        expect(len(made) == 1 and made[0]["owner"] == "hikyaku (automatic)" and "No answer since" in made[0]["reason"], made)
        expect("its mail is held, as [delivery] automatic_hold says" in server.cli("log", "--lines", "1000"), "the log tells it")
        time.sleep(45)  # longer than the period
        waiting = json.loads(server.cli("queue", "list", "--json"))["items"]
        expect(len(waiting) == 3 and all(item["hold"] == made[0]["id"] for item in waiting), waiting)
        expect(server.subjects(HANAKO) == [], "nothing expired")
        expect(len(holds(server)) == 1, "one hold is enough")
        inner.start()
        eventually(lambda: sorted(inner.recipients) == [f"r{n}@inner.example" for n in range(3)], "released by itself, and delivered", 90)
        eventually(lambda: holds(server) == [], "the hold is over", 30)
        expect([one["stage"] for one in holds(server, "--ended")] == ["ended"], holds(server, "--ended"))
        expect("the hold was released" in server.cli("log", "--lines", "1000"), "the log tells it")
