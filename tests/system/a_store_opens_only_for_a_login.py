"""A process of the services' own user that reaches a store's socket opens no mailbox by naming an account: only a ticket
that auth gave for a login does, once, for that account and protocol, and not after a restart of auth."""
import os

from _channel import (IMAP, IMAP_OPENING, POP3, POP3_OPENING, as_user, hand_over, log_in, naming_account, with_ticket)
from harness import HANAKO, PASSWORD, TARO, Server, eventually, expect, scenario


def refused(path, message, what):
    answer = hand_over(path, message)
    expect(answer[0] != "yes" and answer[1] == b"", f"{what}: {answer}")
    return answer[0]


@scenario
def run(folder):
    server = Server(folder)
    owner = os.geteuid()
    if owner == 0:
        owner = 65_533
        for parent, _, _ in os.walk(server.data):
            os.chown(parent, owner, owner)
    with server.start():
        server.send(subject="secret plans", sender="stranger@b.example")
        server.wait_for_subjects(["secret plans"])
        sockets = server.data / "run"
        auth, imap, pop3 = (sockets / f"{name}.sock" for name in ("auth", "imap-store", "pop3-store"))
        with as_user(owner):
            hanako, ticket = log_in(auth, HANAKO, PASSWORD, IMAP)
            taro, _ = log_in(auth, TARO, PASSWORD, IMAP)
            expect(log_in(auth, HANAKO, "wrong", IMAP) is None, "a wrong password")
            expect(len(ticket) == 32 and hanako != taro, f"a ticket: {ticket}")

            for store, opening in ((imap, IMAP_OPENING), (pop3, POP3_OPENING)):
                for version in (1, 2):
                    refused(store, naming_account(version, hanako, HANAKO, opening), "an account's name")
                expect(refused(store, with_ticket(b"\0" * 32, opening), "zeros") == "unproven", "zeros are looked at")
                refused(store, with_ticket(os.urandom(32), opening), "a made-up ticket")
                refused(store, with_ticket(HANAKO, opening), "an address in the ticket's place")
                refused(store, with_ticket("", opening), "no ticket")

            # The same door does open for a login, once.
            taken, said = hand_over(imap, with_ticket(ticket, IMAP_OPENING))
            expect(taken == "yes" and said.startswith(b"login OK"), f"a login: {taken} {said}")
            expect(refused(imap, with_ticket(ticket, IMAP_OPENING), "the same ticket again") == "unproven", "spent")
            _, ticket = log_in(auth, HANAKO, PASSWORD, POP3)
            taken, said = hand_over(pop3, with_ticket(ticket, POP3_OPENING))
            expect(taken == "yes" and b"+OK" in said, f"a POP3 login: {taken} {said}")
            # What works for POP3 does not for IMAP, and the other way round.
            _, ticket = log_in(auth, HANAKO, PASSWORD, POP3)
            refused(imap, with_ticket(ticket, IMAP_OPENING), "a POP3 ticket for IMAP")
            refused(pop3, with_ticket(ticket, POP3_OPENING), "that ticket is spent")
            _, ticket = log_in(auth, HANAKO, PASSWORD, IMAP)
            refused(pop3, with_ticket(ticket, POP3_OPENING), "an IMAP ticket for POP3")

            # auth is started again between login and hand-over.
            _, ticket = log_in(auth, HANAKO, PASSWORD, IMAP)
        before = server.pids("auth")["auth"]
        server.cli("service", "restart", "auth")
        eventually(lambda: server.pids("auth")["auth"] != before and log_in(auth, TARO, PASSWORD, IMAP), "auth is back")
        with as_user(owner):
            expect(refused(imap, with_ticket(ticket, IMAP_OPENING), "a ticket of the former auth") == "unproven", "told apart")
        expect("secret plans" in server.subjects(), "clients log in as before")
        warned = eventually(lambda: [e for e in server.events("servicelog") if e["event"] == "login.unproven"], "the log warns")
        expect(warned and all(f"process {os.getpid()}" == e["text"] for e in warned), f"the log names the process: {warned}")
