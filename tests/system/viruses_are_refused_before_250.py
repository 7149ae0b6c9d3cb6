"""With [scanning] clamd set, EICAR is found however it is packed, and refused before its 250, with its name; clean mail passes with
the scanner's mark, and a mark that the sender forged is gone. Large mail is scanned from its file. Tagging is a setting."""
import email
import email.message
import email.mime.application
import email.mime.message
import email.mime.multipart
import email.mime.text
import email.policy
import io
import smtplib
import zipfile

from harness import HANAKO, TARO, Server, Skip, eventually, expect, scenario
from peers.clamd import EICAR, NAME, Clamd, installed

MARKS = ("X-Virus-Status", "X-Virus-Scanned")


def zipped(content, name="report.txt"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def with_part(part, subject):
    message = email.mime.multipart.MIMEMultipart()
    message["From"], message["To"], message["Subject"] = TARO, HANAKO, subject
    message.attach(email.mime.text.MIMEText("See the attachment.\n"))
    message.attach(part)
    return message


def file_part(content, kind="octet-stream", name="a.bin"):
    part = email.mime.application.MIMEApplication(content, kind)
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part


def plain(subject):
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = TARO, HANAKO, subject
    message.set_content(EICAR)
    return message


def quoted_printable():
    part = email.mime.text.MIMEText("", "plain")
    part.replace_header("Content-Transfer-Encoding", "quoted-printable")
    part.set_payload("".join(f"={octet:02X}" for octet in EICAR.encode()))
    return part


def deep(part, levels=6):
    for _ in range(levels):
        outer = email.mime.multipart.MIMEMultipart()
        outer.attach(part)
        part = outer
    return part


def infected():
    code = EICAR.encode()
    named = file_part(code)
    named.replace_header("Content-Disposition", "attachment; filename==?ISO-2022-JP?B?GyRCSXQ8dBsoQi5leGU=?=")
    return {"plain": plain("plain"), "base64": with_part(file_part(code), "base64"), "quoted-printable": with_part(quoted_printable(), "qp"),
            "nested": with_part(deep(file_part(code)), "nested"), "zip": with_part(file_part(zipped(code), "zip", "a.zip"), "zip"),
            "zip in zip": with_part(file_part(zipped(zipped(code), "b.zip"), "zip", "a.zip"), "zip in zip"),
            "wrong type": with_part(file_part(zipped(code), "pdf", "report.pdf"), "wrong type"), "odd name": with_part(named, "odd name"),
            "attached message": with_part(email.mime.message.MIMEMessage(with_part(file_part(code), "inner")), "attached")}


def send(server, message, sender=TARO):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as client:
        client.sendmail(sender, [HANAKO], message if isinstance(message, (bytes, str)) else message.as_bytes(policy=email.policy.SMTP))


def refusal(server, message):
    try:
        send(server, message)
    except smtplib.SMTPDataError as refused:
        return refused.smtp_code, refused.smtp_error.decode()
    return None


def headers(server, subject):
    return email.message_from_bytes(server.stored(subject))


def clean_mail_has_our_mark(server):
    send(server, f"X-Virus-Status: forged\r\n and folded\r\nSubject: clean\r\nx-virus-scanned : forged\r\nFrom: {TARO}\r\n\r\nX-Virus-Status: of the body\r\n")
    mail = headers(server, "clean")
    expect(mail.get_all("X-Virus-Status") == ["Clean"], f"our mark alone: {mail.get_all('X-Virus-Status')}")
    expect(mail.get_all("X-Virus-Scanned") == [f"by {server.name} (ClamAV)"], f"{mail.get_all('X-Virus-Scanned')}")
    expect(mail.get_payload().startswith("X-Virus-Status: of the body"), "the body is as it was")


def large_mail_is_scanned_from_its_file(server):
    for megabytes in (0.6, 3):  # in a record, and as a blob
        filler = "".join(f"line {n} of a text that is too large for memory\r\n" for n in range(int(megabytes * 21000)))
        send(server, f"Subject: large {megabytes}\r\nFrom: {TARO}\r\n\r\n{filler}the end\r\n")
        mail = headers(server, f"large {megabytes}")
        expect(mail["X-Virus-Status"] == "Clean", f"{megabytes} MB: {mail['X-Virus-Status']}")
        expect(mail.get_payload() == filler + "the end\r\n", f"{megabytes} MB: the text is whole")
        expect(list(mail.keys())[:3] == ["X-Virus-Scanned", "X-Virus-Status", "Received"] or "Received" in mail, "the header is whole")
        part = with_part(file_part(filler.encode() + zipped(EICAR.encode())), "large infected")
        part.attach(file_part(EICAR.encode()))
        code = refusal(server, part)
        expect(code and code[0] == 550, f"{megabytes} MB: refused: {code}")


def what_is_tagged(server):
    server.change_settings(scanning={"on_infected": "tag"})
    send(server, plain("tagged"))
    expect(headers(server, "tagged").get_all("X-Virus-Status") == [f"Infected ({NAME})"], "tagged")
    server.change_settings(scanning={"unwanted_names": ["eicar"], "on_unwanted": "pass", "on_infected": "refuse"})
    send(server, plain("passed"))
    expect(headers(server, "passed")["X-Virus-Status"] == "Clean", "a class that may pass")
    server.change_settings(scanning={"on_unwanted": "refuse"})
    code = refusal(server, plain("unwanted"))
    expect(code and code[0] == 550 and "unwanted software" in code[1], f"a class with its own action: {code}")
    server.change_settings(scanning={"unwanted_names": [], "unscanned_networks": ["127.0.0.0/8"]})
    send(server, "X-Virus-Status: of the inner server\r\nSubject: unscanned\r\n\r\n" + EICAR + "\r\n")
    expect(headers(server, "unscanned")["X-Virus-Status"] == "of the inner server", "a network that scans by itself")
    server.change_settings(scanning={"unscanned_networks": [], "size": "64KiB", "too_large": "pass"})
    send(server, "Subject: beyond\r\n\r\n" + 10_000 * "text text\r\n")
    expect(headers(server, "beyond")["X-Virus-Status"] == "Not scanned (too large)", "too large, passed with a mark")
    for choice, code in (("defer", 451), ("refuse", 552)):
        server.change_settings(scanning={"too_large": choice})
        answer = refusal(server, "Subject: beyond\r\n\r\n" + 10_000 * "text text\r\n")
        expect(answer and answer[0] == code, f"too large, {choice}: {answer}")


@scenario
def run(folder):
    if not installed():
        raise Skip("clamd is not installed")
    with Clamd(folder / "clamd") as clamd, Server(folder, settings={"scanning": {"clamd": clamd.socket}}) as server:
        server.start()
        for form, message in infected().items():
            answer = refusal(server, message)
            expect(answer and answer[0] == 550 and answer[1].startswith("5.7.1 ") and NAME in answer[1], f"{form}: {answer}")
        found = eventually(lambda: len(all_found := [e for e in server.events("receivelog") if e["event"] == "virus.found"]) == len(infected()) and all_found, "each is in the log")
        expect(all(event["text"] == NAME and event["reply"].startswith("550") for event in found), f"{found[0]}")
        clean_mail_has_our_mark(server)
        large_mail_is_scanned_from_its_file(server)
        what_is_tagged(server)
        expect(sorted(server.subjects()) == sorted(["clean", "large 0.6", "large 3", "tagged", "passed", "unscanned", "beyond"]), f"nothing else came in: {server.subjects()}")
