"""DNS that is silent, slow, failing or lying for some domains while one flush in three of deliver fails: mail for the others and
local mail goes out meanwhile, nothing bounces, and when both are well again everything arrives, once."""
import json

import _namespaces

_namespaces.enter("net", "mount")

from harness import HANAKO, TARO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.lying_name_server import LyingNameServer  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402
from peers.troubled_machine import TroubledMachine  # noqa: E402

BAD = ("silent", "slow", "garbage", "wrong-id", "wrong-name", "failing")
EACH = 5  # mails


class Dns:
    def __init__(self):
        self.well = False

    def __call__(self, name):
        return next((one for one in BAD if f"is-{one}.example" in name and not self.well), "honest")


def send_round(server, number):
    for n in range(EACH):
        server.send(sender=TARO, recipient=HANAKO, subject=f"local {number} {n}")
        for domain in (*(f"is-{one}.example" for one in BAD), "is-honest.example"):
            with server.smtp() as client:
                client.sendmail(TARO, [f"to-{number}-{n}@{domain}"], f"Subject: {number} {n}\r\n\r\nHello\r\n", (), ["NOTIFY=FAILURE"])


@scenario
def run(folder):
    need("nsd")
    machine, how = TroubledMachine(folder), Dns()
    names = [f"is-{one}.example" for one in (*BAD, "honest")]
    zone = "\n".join(f"{name}. MX 10 mx.{name}.\nmx.{name}. A 127.0.1.1" for name in names)
    with NameServer(folder / "dns", zone) as honest, LyingNameServer(honest.port, how) as dns, NextHop("127.0.1.1", 25) as hop:
        settings = {"smtp": {"relay_networks": ["127.0.0.0/8"]},
                    "delivery": {"resolvers": [dns.address], "hosts_file": "", "retry_interval": "1s", "retry_growth": "constant", "delay_notice": "0s"}}
        with Server(folder, settings=settings) as server:
            server.start()
            send_round(server, 0)
            machine.fail_flushes("deliver", 3)
            send_round(server, 1)
            wanted = [f"local {number} {n}" for number in (0, 1) for n in range(EACH)]
            server.wait_for_subjects(wanted, seconds=120)
            to_honest = lambda: [one for one in hop.recipients if one.endswith("@is-honest.example")]
            eventually(lambda: len(to_honest()) == 2 * EACH, "mail whose DNS is well goes out meanwhile", 120)
            eventually(lambda: any(event["event"] == "storage.trouble" for event in server.events("servicelog")), "flushes did fail", 60)
            eventually(lambda: all(dns.asked.get(one) for one in BAD), f"each name was asked for: {dns.asked}", 60)
            machine.fail_flushes("", 0)
            how.well = True
            eventually(lambda: len(set(hop.recipients)) == 2 * EACH * len(names), "all of it arrives when both are well", 180)
            counts = lambda: json.loads(server.cli("queue", "count", "--json"))
            eventually(lambda: counts()["incoming"]["messages"] == counts()["domains"]["recipients"] == 0, "the queue empties", 120)
            expect(len(hop.recipients) == len(set(hop.recipients)), f"nothing came twice: {hop.recipients}")
            local = server.subjects()
            expect(sorted(local) == sorted(wanted), f"each local mail once: {local}")
            expect(server.subjects(TARO) == [], f"nothing bounced: {server.subjects(TARO)}")
            expect(counts()["damaged_records"] == 0, f"no record is corrupt: {counts()}")
