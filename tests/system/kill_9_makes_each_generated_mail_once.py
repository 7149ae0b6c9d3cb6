"""Rounds of kill -9 of deliver, receive or the supervisor while mail makes mail: bounces here and elsewhere, success and delay
notices, forwards with a kept copy, lists, aliases. Each comes once. Elsewhere one may come twice, and only where the cut
fell between the peer's 250 and our record; the peer's own log tells: it was the last word on a line that then broke."""
import collections
import email
import json
import os
import random
import re
import threading

from _killing import SETTINGS, every_journal_has_its_owner, kill_rounds, under_load
from harness import DOMAIN, HANAKO, PASSWORD, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

ROUNDS = int(os.environ.get("HIKYAKU_KILL_ROUNDS", "20"))  # tests/long has 500
STAFF, TEAM, JIRO = f"staff@{DOMAIN}", f"team@{DOMAIN}", f"jiro@{DOMAIN}"
STRANGER = "stranger@out.example"
REPORT, COPY = "report", "copy"
MOMENT = 5  # seconds between a 250 and its record, on a machine that has much else to do

# What a mail of each kind makes: (where it is found, what it is). A place is an account or an address at a next hop.
KINDS = {
    "bounce": (TARO, ["refused-{}@far.example"], (), (), {(TARO, REPORT, "failed"): 1}),
    "bounce-out": ("sender-{}@out.example", ["refused-{}@far.example"], (), (), {("sender-{}@out.example", REPORT, "failed"): 1}),
    "success": (TARO, [HANAKO], ("RET=HDRS",), ("NOTIFY=SUCCESS",), {(HANAKO, COPY, ""): 1, (TARO, REPORT, "delivered"): 1}),
    "relayed": (TARO, ["taken-{}@far.example"], (), ("NOTIFY=SUCCESS",), {("taken-{}@far.example", COPY, ""): 1, (TARO, REPORT, "relayed"): 1}),
    "late": (TARO, ["late-{}@late.example"], (), ("NOTIFY=DELAY,FAILURE",), {("late-{}@late.example", COPY, ""): 1, (TARO, REPORT, "delayed"): 1}),
    "forward": (STRANGER, [JIRO], (), (), {(JIRO, COPY, ""): 1, ("jiro@far.example", COPY, ""): 1}),
    "list": (TARO, [STAFF], (), (), {(HANAKO, COPY, ""): 1, (JIRO, COPY, ""): 1, ("m1@far.example", COPY, ""): 1, ("m2@far.example", COPY, ""): 1,
                                     (TARO, REPORT, "failed"): 1, ("jiro@far.example", COPY, ""): 1}),
    "alias": (STRANGER, [TEAM], (), (), {(HANAKO, COPY, ""): 1, ("m1@far.example", COPY, ""): 1}),
    "plain": (STRANGER, [HANAKO, "taken-{}@far.example"], (), (), {(HANAKO, COPY, ""): 1, ("taken-{}@far.example", COPY, ""): 1}),
}
WEIGHTS = {"late": 0.1, "list": 0.5}  # of the others: 1
TOKEN = re.compile(rb"mark-(load-\d+-\d+)-([a-z-]+)-end")


class Mails:
    """What is sent, by subject; many threads ask."""

    def __init__(self, seed):
        self.chance, self.lock, self.kinds = random.Random(seed), threading.Lock(), {}

    def __call__(self, subject):
        with self.lock:
            kind = self.chance.choices(list(KINDS), [WEIGHTS.get(name, 1) for name in KINDS])[0]
            self.kinds[subject] = kind
        sender, recipients, mail_options, rcpt_options, _ = KINDS[kind]
        mark = f"mark-{subject}-{kind}-end"
        return (sender.format(subject), [one.format(subject) for one in recipients],
                f"From: <{sender.format(subject)}>\r\nTo: <{recipients[0].format(subject)}>\r\nSubject: {mark}\r\n\r\nHello\r\n", mail_options, rcpt_options)

    def wanted(self, subject):
        return {(place.format(subject), what, action): count for (place, what, action), count in KINDS[self.kinds[subject]][4].items()}


def kind_of(text):
    """(REPORT, action) or (COPY, "")"""
    if b"multipart/report" not in text[:4000]:
        return COPY, ""
    for part in email.message_from_bytes(text).walk():
        if part.get_content_type() == "message/delivery-status":
            return REPORT, part.get_payload()[-1]["Action"]
    return REPORT, "unreadable"


def in_mailbox(server, user):
    """[(subject, place, what, action)] of an INBOX."""
    client = server.imap(user)
    _, count = client.select("INBOX", readonly=True)
    found, most = [], int(count[0])
    for first in range(1, most + 1, 500):
        for part in client.fetch(f"{first}:{min(first + 499, most)}", "(BODY.PEEK[])")[1]:
            if isinstance(part, tuple) and (token := TOKEN.search(part[1])):
                found.append((token[1].decode(), user, *kind_of(part[1])))
    client.logout()
    return found


def at_hops(hops):
    """{(subject, place, what, action): [(hop, transaction)]}"""
    found = collections.defaultdict(list)
    for hop in hops:
        for mail in list(hop.transactions):
            if token := TOKEN.search(mail.text):
                for recipient in mail.recipients:
                    found[(token[1].decode(), recipient, *kind_of(mail.text))].append((hop, mail))
    return found


def refuse(verb, line, session):
    return "550 5.1.1 Nobody of that name" if verb == "RCPT" and ("refused-" in line or "gone@" in line) else None


class LateHop:
    """Puts off every recipient until it is open."""

    def __init__(self):
        self.open = False

    def __call__(self, verb, line, session):
        return "452 4.3.1 No room just now" if verb == "RCPT" and not self.open else None


def prepare(server, far, late):
    server.add_account(JIRO, PASSWORD)
    for domain, hop in (("far.example", far), ("out.example", far), ("late.example", late)):
        server.cli("route", "add", f"{domain},127.0.0.1,{hop.port}")
    server.cli("account", "forward", "set", JIRO, "jiro@far.example")
    server.cli("alias", "add", TEAM, HANAKO, "m1@far.example")
    server.cli("list", "add", STAFF, "--owner", TARO, "--posting", "anyone")
    server.cli("list", "member", "add", STAFF, HANAKO, JIRO, "m1@far.example", "m2@far.example", "gone@far.example")


def explained(copies):
    """Whether each copy at a next hop but the last was its connection's last word, and the line broke soon after: we were cut
    off before we could write it down, for with the record written the connection goes on, or says QUIT."""
    return all(not mail.followed and hop.closed.get(mail.connection, float("inf")) - mail.at <= MOMENT for hop, mail in copies[:-1])


def judge(mails, acknowledged, unanswered, here, elsewhere):
    """`here`: {(subject, place, what, action): how often}, of mailboxes; `elsewhere`: at_hops(). How many came twice and may."""
    found = here + collections.Counter({what: len(copies) for what, copies in elsewhere.items()})
    wrong, twice = [], 0
    for subject in sorted(acknowledged | unanswered):
        for (place, what, action), wanted in mails.wanted(subject).items():
            count = found.pop((subject, place, what, action), 0)
            least = wanted if subject in acknowledged else 0
            if count > wanted and place not in (TARO, HANAKO, JIRO) and explained(elsewhere[(subject, place, what, action)]):
                twice += 1
            elif not least <= count <= wanted:
                wrong.append(f"{subject} ({mails.kinds[subject]}{', not acknowledged' if subject in unanswered else ''}): {what} {action} for {place} {count} times, not {wanted}")
    wrong += [f"{what} came {count} times, and nobody asked for it" for what, count in found.items()]
    expect(not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:40]))
    return twice


@scenario
def run(folder):
    seed = int(os.environ.get("HIKYAKU_SEED", "1"))
    door = LateHop()
    settings = {**SETTINGS, "smtp": {"relay_networks": ["127.0.0.0/8"]},
                "delivery": {"retry_interval": "2s", "retry_growth": "constant", "delay_notice": "2s", "propose_hold_after": "0s"}}
    with NextHop(answer=refuse) as far, NextHop(answer=door) as late, Server(folder, settings=settings) as server:
        server.start()
        prepare(server, far, late)
        mails, killed = Mails(seed), {}
        acknowledged, unanswered = under_load(server, mails, lambda: killed.update(
            kill_rounds(server, random.Random(seed), ROUNDS, ["deliver", "deliver", "receive", "serve"])), pause=0.05)
        expect(len(acknowledged) > ROUNDS, f"there was load: {len(acknowledged)}")
        delayed = {subject for subject in acknowledged if mails.kinds[subject] == "late"}
        eventually(lambda: delayed <= {subject for subject, _, what, action in in_mailbox(server, TARO) if action == "delayed"}, "every delay notice", 120)
        door.open = True
        counts = lambda: json.loads(server.cli("queue", "count", "--json"))
        eventually(lambda: counts()["incoming"]["messages"] == counts()["domains"]["recipients"] == 0, "nothing is stuck in the queue", 180)
        expect(counts()["damaged_records"] == 0, f"no record is corrupt: {counts()}")
        every_journal_has_its_owner(server)
        here, elsewhere = collections.Counter(one for user in (TARO, HANAKO, JIRO) for one in in_mailbox(server, user)), at_hops((far, late))
        places = [*here.elements(), *(what for what, copies in elsewhere.items() for _ in copies)]
        made, total = sum(what == REPORT for _, _, what, _ in places), len(places)
        twice = judge(mails, acknowledged, unanswered, here, elsewhere)
        print(f"{ROUNDS} rounds {killed}: {len(acknowledged)} acknowledged, {len(unanswered)} without an answer, {total} mails found, {made} of them reports; "
              f"0 lost, 0 stuck, {twice} twice after a cut between the peer's 250 and our record")
