"""Mail comes in on 25, submission, submissions and LMTP, and is read by IMAP and POP3, with and without TLS."""
import imaplib
import poplib
import smtplib

from harness import HANAKO, PASSWORD, TARO, Server, expect, scenario

SMOKE = True


@scenario
def run(folder):
    with Server(folder).start() as server:
        server.send(subject="by 25", sender="stranger@b.example")
        server.send(subject="by submission", port=server.submission_port, tls=True, user=TARO)
        server.send(subject="by submissions", tls="inside", user=TARO)
        with smtplib.LMTP("127.0.0.1", server.lmtp_port) as client:
            client.sendmail("stranger@b.example", [HANAKO], "Subject: by LMTP\r\n\r\nHello\r\n")
        subjects = ["by 25", "by submission", "by submissions", "by LMTP"]
        server.wait_for_subjects(subjects)

        plain = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=30)
        plain.starttls(server.context())
        plain.login(HANAKO, PASSWORD)
        expect(plain.select("INBOX")[1] == [b"4"], "four messages by IMAP with STARTTLS")
        plain.logout()

        secure = server.pop3()
        expect(secure.stat()[0] == 4, "four messages by POP3 inside TLS")
        text = b"\n".join(secure.retr(1)[1])
        expect(b"Received:" in text and b"Subject: " in text, "a message with its trace line by POP3")
        secure.quit()
        stls = poplib.POP3("127.0.0.1", server.pop3_port, timeout=30)
        stls.stls(server.context())
        stls.user(HANAKO), stls.pass_(PASSWORD)
        expect(len(stls.uidl()[1]) == 4, "four UIDLs by POP3 with STLS")
        stls.quit()
