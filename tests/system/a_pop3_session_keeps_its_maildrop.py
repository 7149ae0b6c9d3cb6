"""RFC 1939: what a POP3 session lists at first it can list and read to its end, whatever another session deletes meanwhile."""
from harness import HANAKO, Server, expect, scenario


@scenario
def run(folder):
    with Server(folder).start() as server:
        for number in range(3):
            server.send(subject=f"letter {number}")
        server.wait_for_subjects([f"letter {n}" for n in range(3)])
        one, other = server.pop3(), server.pop3()
        before = one.uidl()[1]
        other.dele(2)
        other.dele(3)
        other.quit()
        expect(server.subjects() == ["letter 0"] or len(server.subjects()) == 1, "the other session deleted two messages")
        expect(one.stat()[0] == 3 and len(one.list()[1]) == 3, "STAT and LIST are as they were")
        expect(one.uidl()[1] == before, f"and so is UIDL: {one.uidl()[1]}")
        expect(one.uidl(2).split()[2] == before[1].split()[1], "one by one too")
        expect(any(line.startswith(b"Subject: letter") for line in one.retr(3)[1]), "what was deleted is read to the end of the session")
        one.dele(1)
        one.dele(2)
        expect(one.quit().startswith(b"+OK"), "deleting what is gone already is no error")
        expect(server.subjects() == [], "all are gone")
        later = server.pop3()
        expect(later.stat() == (0, 0), "a new session sees an empty maildrop")
        later.quit()
