"""PRDR (draft-hall-prdr-00) and LMTP: content rows of one recipient, a milter's refusal, a limit of size and a full mailbox refuse one copy and tell the client which; the others' are taken, nothing
is kept back, and who may not be refused keeps his beside others; so does the postmaster with what a login sends, without either. By a client of our own, by swaks, and by Exim, which bounces for the one alone. Without PRDR all is as before."""
import shutil
import smtplib
import subprocess
import time

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario
from peers import milter as m
from peers.exim import Exim

POSTMASTER = f"postmaster@{DOMAIN}"


def text(subject, body="How are you?\r\n"):
    return f"From: {TARO}\r\nTo: {HANAKO}\r\nSubject: {subject}\r\n\r\n{body}"


def told(server, message, *recipients, prdr=" PRDR", chunks=False, lmtp=False, sender=TARO):
    """What each RCPT was answered, and all that was said after the text."""
    client = smtplib.LMTP("127.0.0.1", server.lmtp_port, timeout=120) if lmtp else smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=120)
    with client:
        client.ehlo("client.example")
        expect(client.has_extn("prdr") != lmtp, f"what is offered: {client.esmtp_features}")
        code, words = client.docmd("MAIL", f"FROM:<{sender}>{'' if lmtp else prdr}")
        expect(code == 250, f"{code} {words}")
        codes = [client.docmd("RCPT", f"TO:<{one}>")[0] for one in recipients]
        accepted = codes.count(250)
        if chunks:
            client.send(f"BDAT {len(message)} LAST\r\n{message}")
        else:
            expect(client.docmd("DATA")[0] == 354, "the text may come")
            client.send(message + ".\r\n")
        said = [client.getreply()]
        for _ in range(accepted - 1 if lmtp else accepted + 1 if said[0][0] == 353 else 0):
            said.append(client.getreply())
        expect(client.docmd("NOOP")[0] == 250, "nothing more is said")
    return codes, [code for code, _ in said]


def refused_alone(server, message, subject, code=550, who=HANAKO, other=TARO, **how):
    """`who` is refused and `other` has it, whoever comes first."""
    for order in ((who, other), (other, who)):
        name = f"{subject} {order.index(who)}"
        codes, said = told(server, message.replace("SUBJECT", name), *order, **how)
        each = [code if one == who else 250 for one in order]
        expect(codes == [250, 250] and said == (each if how.get("lmtp") else [353, *each, 250]), f"{name}: {codes} {said}")
        server.stored(name, other)
        expect(who == other or name not in " ".join(server.subjects(who)), f"{name} is not delivered")
    expect(server.quarantined() == [], f"nothing is kept back: {server.quarantined()}")


def by_content(server):
    server.cli("policy", "content", "add", "hers", "party", "--header", "Subject", "--recipient", HANAKO)
    refused_alone(server, text("party SUBJECT"), "one")
    refused_alone(server, text("party SUBJECT"), "two", chunks=True)
    refused_alone(server, text("party SUBJECT"), "three", lmtp=True)
    found = eventually(lambda: len(each := [e for e in server.events("receivelog") if e["event"] == "mail.refused" and e.get("recipient") == HANAKO]) == 6 and each, "each is in the log")
    expect(all(one["reply"].startswith("550 5.7.1") for one in found), f"{found}")
    expect(told(server, text("party"), HANAKO) == ([250], [550]), "one recipient, one reply")
    expect(told(server, text("quiet"), HANAKO, TARO) == ([250, 250], [250]), "the same for all is told once")
    expect(told(server, text("party"), HANAKO, HANAKO) == ([250, 250], [550]), "also where nobody has it")
    expect(told(server, text("party"), TARO, HANAKO, prdr="") == ([250, 452], [250]), "who does not ask for it sends the copies apart")
    server.cli("policy", "content", "add", "mark", "party", "--header", "Subject", "--recipient", HANAKO, "--action", "tag")
    expect(told(server, text("party"), TARO, HANAKO) == ([250, 452], [250]), "a text of her own comes in a transaction of its own")
    server.cli("policy", "content", "remove", "hers", "mark")


def who_is_never_refused(server):
    """The postmaster's copy (TARO is one) stands beside others', which a row for all refuses; the scan of the rest goes on."""
    server.cli("account", "set", TARO, "--admin", "yes")
    server.cli("policy", "content", "add", "all", "lottery", "--header", "Subject")
    for order in ((HANAKO, POSTMASTER), (POSTMASTER, HANAKO)):
        name = f"lottery {order.index(HANAKO)}"
        said = told(server, text(name), *order)
        expect(said == ([250, 250], [353, *(550 if one == HANAKO else 250 for one in order), 250]), f"{said}")
        server.stored(name, TARO)
    expect(told(server, text("lottery"), HANAKO, TARO) == ([250, 250], [550]), "one row, one reply")
    server.cli("policy", "content", "remove", "all")


def by_a_milter(server):
    with m.Milter() as own:
        server.change_settings(filters={"milters": [own.row()]})
        own.answers = {("R", HANAKO): [m.REJECT]}
        refused_alone(server, text("SUBJECT"), "five")
        refused_alone(server, text("SUBJECT"), "six", lmtp=True)
        own.answers = {("R", HANAKO): [m.TEMPFAIL], ("R", TARO): [m.REJECT]}
        codes, said = told(server, text("seven"), HANAKO, TARO)
        expect(codes == [250, 250] and said[0] == 353 and 400 <= said[1] < 500 and said[2] == 550 and said[3] == said[1], f"nobody has it, and one may later: {said}")
        own.answers = {"E": [m.REJECT]}
        said = told(server, text("eight"), HANAKO, POSTMASTER)
        expect(said == ([250, 250], [353, 550, 250, 250]), f"its verdict on the text is none on the postmaster's copy: {said}")
        server.stored("eight", TARO)
        expect(told(server, text("nine"), HANAKO, TARO) == ([250, 250], [550]), "else it is one for all")
    server.change_settings(filters={"milters": []})
    expect(server.quarantined() == [], f"nothing is kept back: {server.quarantined()}")


def of_who_logs_in(server):
    """One reply for all, and no copies apart: the postmaster has his, the others' is kept back, and what is put off comes again."""
    with m.Milter() as own:
        server.change_settings(filters={"milters": [own.row()]})
        for name, answers in (("fourteen", {"E": [m.REJECT]}), ("fifteen", {"E": [m.quarantine("odd"), m.ACCEPT]}), ("sixteen", {"E": [m.delete_recipient(HANAKO), m.delete_recipient(POSTMASTER), m.ACCEPT]})):
            own.answers = answers
            expect(server.submit(HANAKO, [HANAKO, POSTMASTER], name)[::2] == (250, 2), f"{name} is taken")
            server.stored(name, TARO)
            kept = server.quarantined()
            expect([one["recipients"] for one in kept] == [[HANAKO]], f"{name}: the other's is kept back: {kept}")
            server.cli("quarantine", "delete", kept[0]["id"])
        own.answers = {"E": [m.REJECT]}
        expect(server.submit(HANAKO, [HANAKO, TARO], "seventeen")[0] == 550, "else it is one for all")
        expect(server.submit(HANAKO, [POSTMASTER], "eighteen")[0] == 250, "and none for him")
        own.answers = {"E": [m.TEMPFAIL]}
        expect(server.submit(HANAKO, [HANAKO, POSTMASTER], "nineteen")[0] == 451, "our word is: come again")
    server.change_settings(filters={"milters": []})
    expect(not any(f"{name}teen" in one for name in ("four", "fif", "six") for one in server.subjects()), "she has none of it")


def by_size(server):
    long = "x" * 76 + "\r\n"
    server.cli("account", "rules", "set", HANAKO, "--size-in", "4KiB")
    refused_alone(server, text("SUBJECT", long * 100), "ten", 552)
    server.cli("account", "rules", "clear", HANAKO)
    server.cli("account", "set", HANAKO, "--quota", "512KiB")
    expect(told(server, text("a small one"), HANAKO) == ([250], [250]), "there is room")

    def room_is_known():
        with server.smtp() as client:
            client.ehlo("client.example")
            client.docmd("MAIL", f"FROM:<{TARO}> SIZE=600000")
            return client.docmd("RCPT", f"TO:<{HANAKO}>")[0] == 452

    eventually(room_is_known, "how full it is becomes known with the first delivery")
    time.sleep(1)  # no loop keeps an answer of before for more than half a second
    refused_alone(server, text("SUBJECT", long * 10_000), "eleven", 452)
    refused_alone(server, text("SUBJECT", long * 10_000), "twelve", 452, lmtp=True)
    server.cli("account", "set", HANAKO, "--quota", "0")


def bounce_of(server, subject):
    def newest():
        found = server.stored("failed", TARO).decode()
        return found if subject in found else None
    return eventually(newest, f"the bounce of {subject}", 60)


def by_others(server, folder):
    server.cli("policy", "content", "add", "hers", "party", "--header", "Subject", "--recipient", HANAKO)
    if shutil.which("swaks"):
        done = subprocess.run(["swaks", "--timeout", "60", "--prdr", "-f", TARO, "-t", f"{TARO},{HANAKO}", "--server", f"127.0.0.1:{server.smtp_port}", "--header", "Subject: party of swaks"], capture_output=True, text=True)
        expect(done.returncode == 0 and "<-  353 " in done.stdout and "<** 550 5.7.1" in done.stdout, f"swaks:\n{done.stdout}{done.stderr}")
        server.stored("party of swaks", TARO)
    for name, more in (("text", "hosts_try_chunking ="), ("chunks", "hosts_try_chunking = *")):
        exim = Exim(folder / f"exim-{name}", server.smtp_port, remote="  " + more)
        if not exim.speaks_prdr():
            return print("no exim that speaks PRDR is to be had: its part is left out")
        exim.send(TARO, [TARO, HANAKO], text(f"party of exim by {name}").replace("\r\n", "\n"))
        log = exim.log()
        delivered, failed = ([line for line in log.splitlines() if f" {sign} {who} " in line] for sign, who in (("=>", TARO), ("**", HANAKO)))
        expect(any(" PRDR" in line for line in delivered) and len(failed) == 1 and "550 5.7.1" in failed[0], f"one has it, one is refused:\n{log}")
        server.stored(f"party of exim by {name}", TARO)
        bounce = bounce_of(server, f"party of exim by {name}")
        expect(HANAKO in bounce and "550 5.7.1" in bounce and f"  {TARO}\r\n" not in bounce, f"the bounce is for the one alone:\n{bounce}")
        expect(not any("party" in one for one in server.subjects()), "and not delivered")


@scenario
def run(folder):
    with Server(folder) as server:
        server.start()
        # The clients here are strangers.
        server.change_settings(policy={"exempt_networks": [], "authentication_results": False}, rules={"spf": "off", "dmarc": "off", "hello_name": "off", "local_sender": "off"})
        by_content(server)
        who_is_never_refused(server)
        by_a_milter(server)
        of_who_logs_in(server)
        by_size(server)
        by_others(server, folder)
