"""A stranger's mail gets Authentication-Results by SPF, DKIM, ARC, DMARC and the client's name, with keys and policies from a real name
server; a forged field in our name goes; large mail that was spilled to the disk too; mail that fails DMARC is refused when the rule is in force."""
import base64
import smtplib
import subprocess

import _namespaces

_namespaces.enter("net")

from harness import TARO, Server, Skip, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402

CLIENT = "44.0.0.1"
PYTHON = "/usr/bin/python3"  # that Debian's python3-dkim is for
SIGN = """import dkim, sys
field = dkim.sign(sys.stdin.buffer.read(), b"sel", b"signed.example", open(sys.argv[1], "rb").read(), include_headers=[b"from", b"to", b"subject"])
sys.stdout.buffer.write(field.replace(b"\\r\\n", b"\\n").replace(b"\\n", b"\\r\\n"))"""
KEY_NAME = "sel._domainkey.signed.example"


def keys(folder):
    """A private key, and its record."""
    path = folder / "key.pem"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", path, "2048"], check=True, capture_output=True)
    public = subprocess.run(["openssl", "rsa", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    text = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
    return path, " ".join(f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))


def mail(sender, subject, body="Hello\r\n"):
    return (f"Authentication-Results: mail.test.example; spf=pass smtp.mailfrom=bank.example\r\n"
            f"Authentication-Results: other.example; none\r\nFrom: {sender}\r\nTo: {TARO}\r\nSubject: {subject}\r\n"
            f"Date: Sun, 22 Nov 2026 00:00:00 +0000\r\nMessage-ID: <{subject}@x>\r\n\r\n{body}").encode()


def messages(server):
    client = server.imap(TARO)
    try:
        client.select("INBOX", readonly=True)
        _, answer = client.fetch("1:*", "(BODY.PEEK[])")
        return [part[1] for part in answer if isinstance(part, tuple)]
    finally:
        client.logout()


@scenario
def run(folder):
    need("nsd")
    if subprocess.run([PYTHON, "-c", "import dkim"], capture_output=True).returncode != 0:
        raise Skip("python3-dkim is not installed")
    subprocess.run(["ip", "address", "add", f"{CLIENT}/32", "dev", "lo"], check=True)
    private, record = keys(folder)
    zone = (f"1.0.0.44.in-addr.arpa. PTR mx.signed.example.\nmx.signed.example. A {CLIENT}\nsigned.example. TXT \"v=spf1 ip4:{CLIENT} -all\"\n"
            f"{KEY_NAME}. TXT {record}\n_dmarc.signed.example. TXT \"v=DMARC1; p=reject\"\n_dmarc.victim.example. TXT \"v=DMARC1; p=reject\"\n")
    with NameServer(folder / "dns", zone) as dns, Server(folder, settings={"delivery": {"hosts_file": "", "resolvers": [dns.address]}}) as server:
        server.start()

        def send(message, sender):
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(CLIENT, 0), local_hostname="mx.signed.example") as client:
                client.sendmail(sender, [TARO], message)

        def signed(message):
            return subprocess.run([PYTHON, "-c", SIGN, private], input=message, check=True, capture_output=True).stdout + message

        def arrived(subject):
            eventually(lambda: subject in server.subjects(TARO), f"{subject} arrives", 60)
            [text] = [one for one in messages(server) if f"Subject: {subject}\r\n".encode() in one]
            return text.decode()

        send(signed(mail("a@signed.example", "small")), "a@signed.example")
        text = arrived("small")
        expect(text.startswith("Return-Path") or text.startswith("Authentication-Results"), "the field stands above what it speaks of")
        ours = text[text.index("Authentication-Results: mail.test.example;"):].split("\r\nReceived", 1)[0]
        for word in ("iprev=pass", "spf=pass", "dkim=pass", "header.d=signed.example", "arc=none", "dmarc=pass"):
            expect(word in ours, f"{word}: {ours}")
        expect("bank.example" not in text, "the forged field is gone")
        expect("Authentication-Results: other.example; none" in text, "others' fields stay")

        # Above 256 KiB the text is in a file, above 1 MiB it stays there.
        for subject, lines in (("large", 8_000), ("huge", 40_000)):
            body = "".join(f"line {n} of many that make the text large\r\n" for n in range(lines))
            send(signed(mail("a@signed.example", subject, body)), "a@signed.example")
            text = arrived(subject)
            expect("dkim=pass" in text.split("\r\nReceived")[0] and text.endswith(body), f"{subject}: checked and whole")

        send(signed(mail("a@signed.example", "changed")).replace(b"Hello", b"Jello"), "b@unknown.example")
        text = arrived("changed").split("\r\nReceived")[0]
        expect("dkim=fail" in text and "dmarc=fail" in text and "spf=none" in text, f"changed on the way: {text}")

        server.change_settings(rules={"dmarc": "enforce"}, policy={"name_rules": True})
        try:
            send(mail("ceo@victim.example", "forged"), "a@signed.example")
            expect(False, "what the author's domain wants refused is refused")
        except smtplib.SMTPDataError as refused:
            expect(refused.smtp_code == 550 and refused.smtp_error.endswith(b"[dmarc]"), f"{refused}")
        two = mail("ceo@victim.example", "two").replace(b"To: ", b"From: x@unknown.example\r\nTo: ", 1)
        try:
            send(two, "a@signed.example")
            expect(False, "two authors are none")
        except smtplib.SMTPDataError as refused:
            expect(refused.smtp_code == 550, f"{refused}")
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(CLIENT, 0)) as client:
            client.ehlo()
            client.mail("a@signed.example")
            codes = [client.rcpt(one)[0] for one in ("postmaster@a.example", TARO)]
            client.rset()
            client.mail("a@signed.example")
            codes += [client.rcpt(one)[0] for one in (TARO, "postmaster@a.example", "hanako@a.example")]
            expect(codes == [250, 452, 250, 452, 250], f"the postmaster's copy shields nobody else's: {codes}")
            client.rset()
            client.sendmail("a@signed.example", ["postmaster@a.example"], mail("ceo@victim.example", "complaint"))
            # Where each recipient is answered nobody comes apart.
            client.docmd("MAIL", "FROM:<a@signed.example> PRDR")
            expect([client.rcpt(one)[0] for one in (TARO, "postmaster@a.example")] == [250, 250] and client.docmd("DATA")[0] == 354, "both at once")
            client.send(mail("ceo@victim.example", "another complaint") + b".\r\n")
            said = [client.getreply() for _ in range(4)]
            expect([code for code, _ in said] == [353, 550, 250, 250] and said[1][1].endswith(b"[dmarc]"), f"refused to one: {said}")
        send(signed(mail("a@signed.example", "proved")), "b@unknown.example")
        arrived("proved")
        eventually(lambda: ["dmarc=fail" in event["text"] for event in server.events("receivelog") if event["event"] == "mail.checked"] == [False, False, False, True, True, False, True, True, False],
                   "each is told of in the log")
        # Whoever is on this machine is no stranger.
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as client:
            client.sendmail("a@victim.example", [TARO], mail("a@victim.example", "local"))
        text = arrived("local")
        expect("Authentication-Results: mail.test.example" not in text and "Authentication-Results: other.example; none" in text, "it is not checked, and a forged field goes all the same")
