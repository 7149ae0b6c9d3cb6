"""Content rows, managed by commands while mail flows: words and expressions in a header field, in the decoded text (Japanese charsets, base64, HTML), names and types of attachments;
refused, quarantined, tagged, let pass, in shadow; one recipient's row refuses nobody else's copy; large mail from its file; out and in again as text."""
import email
import email.header
import email.message
import email.mime.application
import email.mime.multipart
import email.mime.text
import json

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario


def octets(message):
    return message.as_bytes().replace(b"\n", b"\r\n")


def send(server, message, recipients=(HANAKO,)):
    """The answer to the text."""
    *codes, answer = server.offer(octets(message), recipients)
    expect([code for code, _ in codes] == [250] * len(recipients), f"{codes}")
    return answer


def stored(server, subject, user=HANAKO):
    return email.message_from_bytes(server.stored(subject, user))


def text(subject, body="How are you?", charset="utf-8"):
    message = email.mime.text.MIMEText(body, "plain", charset)
    message["From"], message["To"] = TARO, HANAKO
    message["Subject"] = email.header.Header(subject, charset)
    return message


def attached(subject, name, kind="octet-stream"):
    message = email.mime.multipart.MIMEMultipart()
    message["From"], message["To"], message["Subject"] = TARO, HANAKO, subject
    message.attach(email.mime.text.MIMEText("See the attachment.\n"))
    part = email.mime.application.MIMEApplication(b"MZ", kind)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name) if not name.isascii() else name)
    message.attach(part)
    return message


def what_is_refused(server):
    content = lambda *words: server.cli("policy", "content", *words)  # noqa: E731
    content("add", "exe", ".exe", "--attachment", "--note", "programs")
    content("add", "ad", "未承諾広告", "--header", "Subject")
    content("add", "bank", "/(?i)bank\\s+account/", "--body")
    content("add", "types", "application/x-msdownload", "--attachment")
    for what, message in {"a program": attached("a", "report.EXE"), "a program with a Japanese name": attached("b", "請求書.exe"), "a type": attached("c", "harmless", "x-msdownload"),
                          "a subject": text("【未承諾広告】お得"), "a subject in ISO-2022-JP": text("未承諾広告", charset="iso-2022-jp"), "words in base64": text("d", "your BANK\r\naccount ü"),
                          "words behind a large text": text("e", "a line that is no account\r\n" * 20_000 + "bank account\r\n")}.items():
        code, words = send(server, message)
        expect(code == 550 and words.startswith("5.7.1"), f"{what}: {code} {words}")
    for what, message in {"clean": text("clean"), "a picture": attached("picture", "a.png", "png"), "a name in the text": text("exe", "report.exe")}.items():
        expect(send(server, message)[0] == 250, what)
    found = eventually(lambda: [e for e in server.events("receivelog") if e["event"] == "rule.found" and e.get("rule") == "content"], "it is in the log")
    expect("exe (refuse): attachment report.EXE" in found[0]["reason"] and found[0]["mode"] == "enforce", f"{found[0]}")


def other_actions(server):
    server.cli("policy", "content", "add", "exe", ".exe", "--attachment", "--action", "quarantine")
    expect(send(server, attached("kept", "a.exe"))[0] == 250, "quarantine")
    entries = server.quarantined()
    expect(len(entries) == 1 and entries[0]["why"].startswith("content exe: attachment a.exe"), f"{entries}")
    server.cli("policy", "content", "add", "exe", ".exe", "--attachment", "--action", "tag")
    forged = attached("tagged", "a.exe")
    forged["X-Content-Filter"] = "forged"
    expect(send(server, forged)[0] == 250 and stored(server, "tagged").get_all("X-Content-Filter") == ["exe"], "tag, ours alone")
    server.cli("policy", "content", "add", "exe", ".exe", "--attachment", "--mode", "shadow")
    expect(send(server, attached("shadow", "a.exe"))[0] == 250 and stored(server, "shadow")["X-Content-Filter"] is None, "shadow")
    server.cli("policy", "content", "add", "exe", ".exe", "--attachment")
    server.cli("policy", "content", "add", "a-friend", "friend", "--header", "X-Known", "--action", "pass")
    known = attached("known", "a.exe")
    known["X-Known"] = "a friend of ours"
    expect(send(server, known)[0] == 250, "pass comes before the others")
    server.change_settings(rules={"content": "off"})
    expect(send(server, attached("off", "a.exe"))[0] == 250, "all off")
    server.change_settings(rules={"content": "enforce"})


def of_one_recipient(server):
    server.cli("policy", "content", "add", "hers", "party", "--header", "Subject", "--recipient", HANAKO)
    expect(send(server, text("party"))[0] == 550, "hers alone")
    expect(send(server, text("the party"), (TARO, HANAKO))[0] == 250, "the other's copy goes on")
    stored(server, "the party", TARO)
    entries = server.quarantined()
    expect(any(one["recipients"] == [HANAKO] and "content hers" in one["why"] for one in entries), f"hers is kept: {entries}")
    expect("the party" not in server.subjects(), "and not delivered")


def nobody_shields_or_harms_another(server):
    """The postmaster has everything, and nobody has it for standing beside him; rows of one's own count whatever the access rows are told to do."""
    postmaster = f"postmaster@{DOMAIN}"
    server.cli("account", "set", TARO, "--admin", "yes")
    for recipients in ((HANAKO, postmaster), (postmaster, HANAKO)):
        before = len(server.quarantined())
        subject = f"beside {recipients[0]}"
        expect(send(server, attached(subject, "a.exe"), recipients)[0] == 250, "the postmaster's copy is taken")
        stored(server, subject, TARO)
        kept = server.quarantined()[before:]
        expect(len(kept) == 1 and kept[0]["recipients"] == [HANAKO] and subject not in server.subjects(), f"hers is kept: {kept}")
    # Strangers send again what comes apart.
    server.change_settings(policy={"exempt_networks": [], "authentication_results": False}, rules={"spf": "off", "dmarc": "off", "hello_name": "off", "local_sender": "off", "access": "off"})
    said = lambda *recipients: [code for code, _ in server.offer(octets(attached("apart", "a.exe")), recipients)]  # noqa: E731
    expect(said(HANAKO, postmaster) == [250, 452, 550], "the others' first")
    expect(said(postmaster, HANAKO) == [250, 452, 250], "the postmaster first")
    expect(said(TARO, HANAKO) == [250, 452, 550], "who has rows of her own")
    server.change_settings(policy={"exempt_networks": ["127.0.0.0/8", "::1"]}, rules={"access": "enforce"})


def what_is_refused_after_all_is_not_kept(server):
    """A copy in quarantine counts with the others' alone."""
    before = server.quarantined()
    for body, code in (("x" * 76 + "\r\n") * 2_000, 552), ("How are you?\r\n", 250):
        with server.smtp(port=server.submission_port, tls=True, user=TARO) as client:
            client.ehlo()
            client.docmd("MAIL", f"FROM:<{TARO}> HOLDFOR=3600")
            expect([client.rcpt(one)[0] for one in (TARO, HANAKO)] == [250, 250], "both are taken")
            expect(client.data(f"Subject: the party\r\n\r\n{body}")[0] == code, f"{code}: more than may be held")
        expect(len(server.quarantined()) == len(before) + (code == 250), f"after {code}: {server.quarantined()}")


def the_commands(server, folder):
    rows = json.loads(server.cli("policy", "content", "list", "--json"))
    expect([row["name"] for row in rows] == ["a-friend", "ad", "bank", "exe", "hers", "types"], f"{rows}")
    message = folder / "message.eml"
    message.write_bytes(attached("x", "a.exe").as_bytes())
    found = json.loads(server.cli("policy", "content", "test", str(message), "--json"))
    expect([one["name"] for one in found] == ["exe"], f"{found}")
    saved = folder / "rows.txt"
    saved.write_text(server.cli("policy", "content", "export"))
    server.cli("policy", "content", "remove", *[row["name"] for row in rows])
    expect(send(server, attached("nothing", "a.exe"))[0] == 250, "nothing is left")
    expect(server.cli("policy", "content", "add", "bad", "/(/", "--body", check=False) == "", "an expression that is none")
    server.cli("policy", "content", "import", str(saved))
    expect([row["name"] for row in json.loads(server.cli("policy", "content", "list", "--json"))] == [row["name"] for row in rows], "back again")
    expect(send(server, attached("again", "a.exe"))[0] == 550, "and in force")


@scenario
def run(folder):
    with Server(folder, settings={"smtp": {"future_release_space": "100KiB"}}) as server:
        server.start()
        what_is_refused(server)
        other_actions(server)
        of_one_recipient(server)
        nobody_shields_or_harms_another(server)
        what_is_refused_after_all_is_not_kept(server)
        the_commands(server, folder)
