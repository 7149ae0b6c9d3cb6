"""A delay notice comes after the time set, once for a message whatever its recipients and however often deliver is killed, with
Will-Retry-Until and the reason; none for null senders, for NOTIFY without DELAY, and none when the setting is 0s."""
import email
import email.utils
import smtplib
import time

from _killing import SETTINGS, kill_and_await
from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop


def submit(server, sender, recipients, name, options=()):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(sender, recipients, f"Subject: {name}\r\nX-Mark: {name}\r\n\r\nthe text of {name}\r\n", (), list(options))


def notices(server, user=HANAKO):
    client = server.imap(user)
    _, count = client.select("INBOX", readonly=True)
    parts = client.fetch("1:*", "(BODY.PEEK[])")[1] if int(count[0]) else []
    client.logout()
    return [email.message_from_bytes(part[1]) for part in parts if isinstance(part, tuple)]


@scenario
def run(folder):
    settings = {**SETTINGS, "smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "delay_notice": "4s", "transient_period": "1h"}}
    later = {"RCPT": "452 4.3.1 no room just now"}
    with Server(folder, settings=settings) as server, NextHop(answer=lambda verb, line, session: later.get(verb)) as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        submit(server, HANAKO, ["one@far.example", "two@far.example"], "late")
        submit(server, HANAKO, ["three@far.example"], "quiet", ["NOTIFY=FAILURE"])
        submit(server, TARO, ["four@far.example"], "wanted", ["NOTIFY=DELAY"])
        submit(server, "", ["five@far.example"], "null")
        for _ in range(3):
            kill_and_await(server, "deliver")
        found = eventually(lambda: notices(server), "a notice")
        eventually(lambda: notices(server, TARO), "the other one")
        for _ in range(2):
            kill_and_await(server, "deliver")
        eventually(lambda: server.cli("queue", "list", "--json").count("far.example") >= 5, "all are still tried")
        time.sleep(6)  # longer than the setting: a second one would come now
        found = notices(server)
        expect(len(found) == 1 and len(notices(server, TARO)) == 1, f"one for each message: {[str(m['Subject']) for m in found]}")
        text, status, original = found[0].get_payload()
        fields = status.get_payload()
        expect({part["Final-Recipient"] for part in fields[1:]} == {"rfc822; one@far.example", "rfc822; two@far.example"}, f"{status}")
        for part in fields[1:]:
            expect(part["Action"] == "delayed" and part["Status"] == "4.3.1", f"{part}")
            expect(email.utils.parsedate_to_datetime(part["Will-Retry-Until"]) > email.utils.parsedate_to_datetime(fields[0]["Arrival-Date"]), f"{part}")
        expect("no room just now" in text.get_payload(decode=True).decode(), "the peer's words")
        expect(original.get_content_type() == "text/rfc822-headers" and "the text of" not in original.as_string(), "only the header")
