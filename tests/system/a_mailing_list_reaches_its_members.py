"""A mailing list by command: who may post is answered at RCPT, copies carry the list's headers and bounce address, errors
of a member go to the owner and never to the poster, a moderated list asks its moderators, and no post goes round."""
import email
import json

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

STRANGER = "stranger@b.example"
STAFF, NEWS = f"staff@{DOMAIN}", f"news@{DOMAIN}"


def rcpt(server, sender, recipient, user=None):
    with server.smtp(server.submission_port if user else None, tls=bool(user), user=user) as client:
        client.ehlo("client.example")
        client.docmd("MAIL", f"FROM:<{sender}>")
        code, reply = client.docmd("RCPT", f"TO:<{recipient}>")
        return code, reply.decode()


def post(server, recipient, subject, sender=TARO, headers="", user=None):
    with server.smtp(server.submission_port if user else None, tls=bool(user), user=user) as client:
        client.sendmail(sender, [recipient], f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n{headers}\r\nhello\r\n")


def at_hop(hop, recipient, subject=""):
    return [mail for mail in list(hop.transactions) if recipient in mail.recipients and subject in mail.text.decode()]


def members_and_rights(server, hop):
    server.cli("list", "add", STAFF, "--owner", TARO, "--prefix", "[staff]", "--about", "Everybody here", "--reply-to", "list")
    text = "# staff\r\nHanako <" + HANAKO + ">\r\nm1@far.example\r\nnonsense\r\n"
    run = server.cli("list", "import", STAFF, "-", "--dry-run", input=text, check=False)
    expect(json.loads(server.cli("list", "show", STAFF, "--json"))["members"] == 0, f"a dry run: {run}")
    server.cli("list", "import", STAFF, "-", input=text, check=False)
    server.cli("list", "member", "add", STAFF, TARO, "m2@far.example", "m1@far.example")
    expect(server.cli("list", "export", STAFF).split() == [HANAKO, "m1@far.example", "m2@far.example", TARO], server.cli("list", "export", STAFF))
    server.cli("list", "member", "remove", STAFF, "m2@far.example")

    expect(rcpt(server, STRANGER, STAFF) == (550, f"5.7.2 Only members may post to {STAFF}. Its owner is staff-owner@{DOMAIN}."), f"{rcpt(server, STRANGER, STAFF)}")
    expect(rcpt(server, TARO, STAFF)[0] == 550, "a name of ours without a login is nobody's")
    expect(rcpt(server, TARO, STAFF, user=TARO)[0] == 250, "a member")
    expect(rcpt(server, "m1@far.example", STAFF)[0] == 250, "a member elsewhere")
    expect(rcpt(server, STRANGER, f"staff-owner@{DOMAIN}")[0] == 250, "the owner is there for everybody")

    post(server, STAFF, "one", user=TARO)
    server.wait_for_subjects(["[staff] one"]), server.wait_for_subjects(["[staff] one"], TARO)
    eventually(lambda: at_hop(hop, "m1@far.example", "one"), "the copy elsewhere")
    mail = at_hop(hop, "m1@far.example", "one")[0]
    expect(mail.sender.startswith(f"<staff-bounces@{DOMAIN}>"), f"the list's reverse-path: {mail.sender}")
    fields = email.message_from_bytes(mail.text)
    for name, value in (("List-Id", f'"Everybody here" <staff.{DOMAIN}>'), ("List-Post", f"<mailto:{STAFF}>"), ("Precedence", "list"), ("Reply-To", STAFF),
                        ("List-Unsubscribe", f"<mailto:staff-request@{DOMAIN}?subject=unsubscribe>"), ("Subject", "[staff] one")):
        expect(fields[name] == value, f"{name}: {fields[name]}")
    expect(f"Return-Path: <staff-bounces@{DOMAIN}>" in stored(server, HANAKO, "one"), "of local copies too")


def stored(server, user, subject):
    client = server.imap(user)
    client.select("INBOX", readonly=True)
    _, numbers = client.search(None, "SUBJECT", f'"{subject}"')
    _, answer = client.fetch(numbers[0].split()[0], "(BODY.PEEK[])")
    client.logout()
    return answer[0][1].decode()


def errors_and_loops(server, hop):
    hop.answer = lambda verb, line, session: "550 5.1.1 Gone" if verb == "RCPT" and "m1@" in line else None
    before = len(server.subjects(HANAKO))
    post(server, STAFF, "two", sender="m1@far.example")
    eventually(lambda: sum("m1@far.example" in text for text in reports(server, TARO)) == 1, "the owner is told whom it did not reach", 60)
    expect(not [mail for mail in hop.transactions if "m1@far.example" in mail.recipients and "two" in mail.text.decode()], "the poster is told nothing")
    hop.answer = None
    expect(len(server.subjects(HANAKO)) == before + 1, "others have it")

    # What came by the list before, or answers it, is not sent round again.
    post(server, STAFF, "three", headers=f"X-Loop: {STAFF}\r\n", user=TARO)
    eventually(lambda: any("5.4.6" in text for text in reports(server, TARO)), "the loop is told to who sent it", 60)
    with server.smtp() as client:
        client.sendmail("", [STAFF], "From: x@far.example\r\nSubject: out of office\r\n\r\nI am away\r\n")
    server.wait_for_subjects(["out of office"], TARO)
    expect("out of office" not in "".join(server.subjects(HANAKO)) and not at_hop(hop, "m1@far.example", "out of office"), "for the owner alone")
    expect("three" not in "".join(server.subjects(HANAKO)), "nor the loop")


def reports(server, user):
    client = server.imap(user)
    client.select("INBOX", readonly=True)
    _, numbers = client.search(None, "HEADER", "Content-Type", "delivery-status")
    texts = []
    for number in numbers[0].split():
        _, answer = client.fetch(number, "(BODY.PEEK[])")
        texts.append(answer[0][1].decode())
    client.logout()
    return texts


def moderation(server):
    server.cli("list", "add", NEWS, "--posting", "moderators", "--poster", TARO)
    server.cli("list", "import", NEWS, "-", input=f"{TARO}\nx@b.example\n")
    for text, said in ((f"{HANAKO}\nno address\n", "1 refused"), ("", "removed 2"), (f"{HANAKO}\n", "removed 2")):
        told = server.cli("list", "import", NEWS, "-", "--replace", input=text, check=False)
        expect(said in told and server.cli("list", "export", NEWS).split() == sorted([TARO, "x@b.example"]), f"no member goes unasked, nor by a faulty text: {told}")
    told = json.loads(server.cli("list", "import", NEWS, "-", "--replace", "--yes", "--json", input=f"{HANAKO}\n"))
    expect((told["new"], told["removed"], told["changed_now"]) == (1, 2, True), f"{told}")
    post(server, NEWS, "may I", sender=STRANGER)
    server.wait_for_subjects(["may I"], TARO)
    expect("X-List-Moderation: resend to " + NEWS in stored(server, TARO, "may I"), "how to let it pass")
    post(server, NEWS, "you may", user=TARO)
    server.wait_for_subjects(["you may"])
    expect("may I" not in server.subjects(), "not without a moderator")
    server.cli("list", "set", NEWS, "--posting", "listed", "--poster", "*@b.example")
    expect(rcpt(server, STRANGER, NEWS)[0] == 250 and rcpt(server, "x@c.example", NEWS)[0] == 550, "changed rights count at once")
    server.cli("list", "remove", NEWS)
    expect(rcpt(server, STRANGER, NEWS)[0] == 550, "gone at once")
    expect([one["list"] for one in json.loads(server.cli("list", "list", "--json"))] == [STAFF], "the other stays")


@scenario
def run(folder):
    with Server(folder) as server, NextHop() as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        members_and_rights(server, hop)
        errors_and_loops(server, hop)
        moderation(server)
        eventually(lambda: "@" not in server.cli("queue", "list", "--json"), "the queue is empty", 60)
