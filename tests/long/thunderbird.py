"""Thunderbird, the program of Debian's package, works with Hikyaku: what its user does comes true on the server, what happens on the server
is shown, in Japanese too, and neither side ever answers with an error. Needs no screen; uses a profile of its own."""
import base64
import email
import email.header
import email.policy
import imaplib
import os
import pathlib
import re
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from harness import HANAKO, PASSWORD, TARO, Server, Skip, eventually, expect, scenario  # noqa: E402
from peers.certificates import Authority  # noqa: E402
from peers.thunderbird import PROGRAM, Thunderbird  # noqa: E402

INBOX = [HANAKO, "Inbox"]
JIRO = HANAKO.replace("hanako", "jiro")
STRANGER = "sakura@b.example"
SHORT_LIVED = ("2026年度", "A&B 株式会社")  # renamed and deleted so soon that Thunderbird may still ask for their STATUS


class Desk:
    """The server, Thunderbird, and a look at the server's truth by a client of our own."""

    def __init__(self, server, client, authority):
        self.server, self.client, self.authority = server, client, authority

    def by_imap(self, user=HANAKO):
        other = self.server.imap(user)
        other.enable("UTF8=ACCEPT")
        return other

    def mailboxes(self, user=HANAKO, command="list"):
        other = self.by_imap(user)
        try:
            return {line.decode().split(' "/" ')[1].strip('"') for line in getattr(other, command)()[1] if line}
        finally:
            other.logout()

    def kept(self, mailbox="INBOX", user=HANAKO):
        """{subject: flags} of what the server has there; None without the mailbox."""
        other = self.by_imap(user)
        try:
            if other.select(f'"{mailbox}"', readonly=True)[0] != "OK":
                return None
            parts = [part for part in other.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if isinstance(part, tuple)]
            return {plain(part[1]): {flag.decode() for flag in imaplib.ParseFlags(part[0])} for part in parts}
        finally:
            other.logout()

    def store(self, subject, change, flags, expunge=False):
        """Another client changes flags of a message in INBOX."""
        other = self.by_imap()
        other.select("INBOX")
        uids = [part[0].split()[2] for part in other.uid("FETCH", "1:*", "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
                if isinstance(part, tuple) and plain(part[1]) == subject]
        expect(len(uids) == 1, f"one {subject} in INBOX")
        other.uid("STORE", uids[0].decode(), change, flags)
        if expunge:
            other.uid("EXPUNGE", uids[0].decode())
        other.logout()

    def text_of(self, subject, mailbox="INBOX", user=HANAKO):
        other = self.by_imap(user)
        try:
            other.select(f'"{mailbox}"', readonly=True)
            for part in other.fetch("1:*", "(BODY.PEEK[])")[1]:
                if isinstance(part, tuple) and plain(part[1]) == subject:
                    return email.message_from_bytes(part[1], policy=email.policy.default)
        finally:
            other.logout()
        raise AssertionError(f"no {subject} in {mailbox}")

    def arrives(self, subject, text="よろしくお願いします。", charset="utf-8", encoding="8bit", recipient=HANAKO):
        """A letter of a stranger's, as Japanese programs write them."""
        head = email.header.Header(subject, "utf-8" if charset == "utf-8" else "iso-2022-jp", header_name="Subject").encode(linesep="\r\n")
        letter = (f"From: =?utf-8?b?{base64.b64encode('山本さくら'.encode()).decode()}?= <{STRANGER}>\r\nTo: {recipient}\r\nSubject: {head}\r\n"
                  f"Date: Mon, 23 Nov 2026 09:00:00 +0900\r\nMessage-ID: <{os.urandom(8).hex()}@b.example>\r\nMIME-Version: 1.0\r\n"
                  f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n").encode() + text.encode(charset) + b"\r\n"
        with self.server.smtp() as line:
            line.sendmail(STRANGER, [recipient], letter, ["BODY=8BITMIME"])

    def subjects(self, path):
        return [message["subject"] for message in self.client.do("messages", path)]

    def shows(self, path, *subjects, seconds=30):
        """Thunderbird lists them, without being asked to look."""
        eventually(lambda: set(subjects) <= set(self.subjects(path)), f"Thunderbird lists {subjects} in {path}", seconds)

    def shows_as(self, path, subject, holds, what):
        eventually(lambda: any(holds(message) for message in self.client.do("messages", path) if message["subject"] == subject), f"Thunderbird shows {subject} {what}")

    def becomes(self, holds, what, mailbox="INBOX", user=HANAKO):
        """The server has it so."""
        eventually(lambda: holds(self.kept(mailbox, user)), f"on the server: {what}")


def plain(head):
    return str(email.header.make_header(email.header.decode_header(email.message_from_bytes(head)["Subject"] or "")))


def account(server, address, name, tls):
    ports = (server.imaps_port, server.submissions_port) if tls == "inside" else (server.imap_port, server.submission_port)
    return {"type": "imap", "host": "localhost", "port": ports[0], "out_port": ports[1], "tls": tls, "address": address, "password": PASSWORD, "name": name}


def accounts_are_set_up(desk):
    """For one by STARTTLS, with UTF8=ACCEPT and CONDSTORE; for the other by TLS from the first octet, without them (modified UTF-7, SEARCH CHARSET).
    A certificate of an unknown authority and a wrong password are noticed."""
    hanako = account(desk.server, HANAKO, "鈴木花子", "starttls")
    expect(desk.client.do("verify_account", hanako) != "good", "a certificate of nobody's is not taken")
    desk.client.do("trust", base64.b64encode(ssl.PEM_cert_to_DER_cert(desk.authority.file.read_text())).decode())
    expect(desk.client.do("verify_account", {**hanako, "password": "wrong"}) != "good", "a wrong password is told")
    for one in (hanako, account(desk.server, TARO, "佐藤太郎", "inside")):
        expect(desk.client.do("verify_account", one) == "good", f"{one['address']} may be set up")
        desk.client.do("create_account", {**one, "extensions": one is hanako})
    desk.client.do("watch_for_alerts")


def folders_are_listed(desk):
    """Those every account has, with their uses, and one with a Japanese name that another client made."""
    other = desk.by_imap()
    other.create('"請求書"')
    other.subscribe('"請求書"')
    other.logout()
    for address in (HANAKO, TARO):
        desk.client.do("get_messages", address)

    def listed():
        return {one["names"][-1]: one["kind"] for one in desk.client.do("folders", HANAKO)}
    eventually(lambda: "請求書" in listed(), "the folder 請求書")
    wanted = {"Inbox", "SentMail", "Drafts", "Trash", "Junk", "Archive"}
    eventually(lambda: wanted <= set(listed().values()), f"the folders with uses are known as such: {wanted}")


def japanese_mail_is_read(desk):
    """ISO-2022-JP, UTF-8 as it is and in Base64, Shift_JIS: subject, sender and text as they were written."""
    text = "東京駅の丸の内口で十時にお待ちしております。"
    kinds = {"会議のお知らせ (JIS)": ("iso-2022-jp", "7bit"), "会議のお知らせ (UTF-8)": ("utf-8", "8bit"), "会議のお知らせ (Shift_JIS)": ("shift_jis", "8bit")}
    for subject, (charset, encoding) in kinds.items():
        desk.arrives(subject, text, charset, encoding)
    desk.client.do("open", INBOX)
    desk.shows(INBOX, *kinds)
    for subject in kinds:
        shown = desk.client.do("read", INBOX, subject)
        good = shown["subject"].endswith(subject) and "山本さくら" in shown["from"] and shown["text"] == text
        expect(good, f"{subject} is shown as written: {shown}")
    desk.becomes(lambda kept: all("\\Seen" in kept[subject] for subject in kinds), "what was read is \\Seen")


def a_message_appears_while_idle(desk):
    """And what another client does to it, and that it is gone."""
    desk.arrives("ただいま到着")
    desk.shows(INBOX, "ただいま到着", seconds=20)
    desk.store("ただいま到着", "+FLAGS", "(\\Flagged)")
    desk.shows_as(INBOX, "ただいま到着", lambda message: message["flagged"], "with a star")
    desk.store("ただいま到着", "+FLAGS", "(\\Deleted)", expunge=True)
    eventually(lambda: "ただいま到着" not in desk.subjects(INBOX), "what is expunged elsewhere is gone here")


def folders_are_made_and_renamed(desk):
    desk.client.do("create_folder", [HANAKO], "議事録")
    desk.client.do("create_folder", [HANAKO, "議事録"], "2026年度")
    desk.client.do("create_folder", [HANAKO], "A&B 株式会社")
    eventually(lambda: {"議事録", "議事録/2026年度", "A&B 株式会社"} <= desk.mailboxes(), "the folders are on the server")
    desk.client.do("create_folder", [TARO], "取引先")
    eventually(lambda: "取引先" in desk.mailboxes(TARO), "a folder of the other account")
    desk.client.do("rename_folder", [HANAKO, "議事録", "2026年度"], "令和8年度")
    eventually(lambda: "議事録/令和8年度" in desk.mailboxes() and "議事録/2026年度" not in desk.mailboxes(), "the new name is")
    expect("議事録/令和8年度" in desk.mailboxes(command="lsub"), "and subscribed to")
    desk.client.do("delete_folder", [HANAKO, "A&B 株式会社"])
    eventually(lambda: "A&B 株式会社" not in desk.mailboxes() and "Trash/A&B 株式会社" in desk.mailboxes(), "a deleted folder lies in Trash")


def messages_are_moved_and_copied(desk):
    minutes = [HANAKO, "議事録", "令和8年度"]
    for number in range(1, 5):
        desk.arrives(f"第{number}回議事録")
    desk.shows(INBOX, *[f"第{number}回議事録" for number in range(1, 5)])
    desk.client.do("command", INBOX, ["第1回議事録", "第2回議事録"], "cmd_moveMessage", minutes)
    desk.client.do("command", INBOX, ["第3回議事録"], "cmd_copyMessage", minutes)
    desk.becomes(lambda kept: set(kept) == {"第1回議事録", "第2回議事録", "第3回議事録"}, "two moved and one copied", "議事録/令和8年度")
    desk.becomes(lambda kept: "第3回議事録" in kept and not {"第1回議事録", "第2回議事録"} & set(kept), "what was moved is not in INBOX")
    desk.client.do("open", minutes)
    desk.shows(minutes, "第1回議事録", "第2回議事録", "第3回議事録")
    desk.client.do("command", minutes, ["第1回議事録"], "cmd_copyMessage", [TARO, "Inbox"])
    desk.becomes(lambda kept: "第1回議事録" in kept, "a copy in the other account", user=TARO)


def messages_are_marked(desk):
    desk.client.do("command", INBOX, ["第3回議事録"], "cmd_markAsRead")
    desk.client.do("command", INBOX, ["第3回議事録"], "cmd_markAsFlagged")
    desk.client.do("command", INBOX, ["第3回議事録"], "cmd_tag1")
    desk.becomes(lambda kept: {"\\Seen", "\\Flagged", "$label1"} <= kept["第3回議事録"], "read, starred, tagged")
    desk.client.do("command", INBOX, ["第3回議事録"], "cmd_tag1")
    desk.client.do("command", INBOX, ["第3回議事録"], "cmd_markAsUnread")
    desk.becomes(lambda kept: not {"\\Seen", "$label1"} & kept["第3回議事録"], "unread, without the tag")
    desk.client.do("command", INBOX, ["第4回議事録"], "cmd_markAsJunk")
    desk.becomes(lambda kept: {"Junk", "$Junk"} & kept["第4回議事録"], "junk")


def messages_are_deleted(desk):
    for subject in ("捨てる手紙", "消す手紙", "残す手紙"):
        desk.arrives(subject)
    desk.shows(INBOX, "捨てる手紙", "消す手紙", "残す手紙")
    desk.client.do("command", INBOX, ["捨てる手紙"], "cmd_deleteMessage")
    desk.becomes(lambda kept: "捨てる手紙" in kept, "what is deleted lies in Trash", "Trash")
    desk.client.do("command", INBOX, ["消す手紙"], "cmd_shiftDeleteMessage")
    desk.becomes(lambda kept: "捨てる手紙" not in kept and "\\Deleted" in kept.get("消す手紙", {"\\Deleted"}), "gone or marked")
    desk.client.do("compact", INBOX)
    desk.becomes(lambda kept: "消す手紙" not in kept and "残す手紙" in kept, "and expunged")
    desk.client.do("empty_trash", HANAKO)
    desk.becomes(lambda kept: kept == {}, "an empty Trash", "Trash")


def a_message_is_archived(desk):
    desk.arrives("保管する手紙")
    desk.shows(INBOX, "保管する手紙")
    desk.client.do("command", INBOX, ["保管する手紙"], "cmd_archive")
    desk.becomes(lambda kept: "保管する手紙" not in kept, "the archived letter is not in INBOX")
    desk.becomes(lambda kept: kept and "保管する手紙" in kept, "but in a folder of the year's in the archive", "Archive/2026")


def messages_are_searched(desk):
    """By the server: Japanese in the subject and in the text, in whatever charset they came."""
    def finds(attribute, text, wanted, inbox=INBOX):
        found = set(desk.client.do("search", inbox, attribute, text))
        expect(found == wanted, f"{attribute} {text}: {found}, not {wanted}")
    meetings = {f"会議のお知らせ ({kind})" for kind in ("JIS", "UTF-8", "Shift_JIS")}
    finds("Subject", "会議", meetings)
    finds("Body", "丸の内", meetings)
    finds("Subject", "JIS)", {"会議のお知らせ (JIS)", "会議のお知らせ (Shift_JIS)"})
    finds("Subject", "忘年会", set())
    desk.client.do("open", [TARO, "Inbox"])
    desk.shows([TARO, "Inbox"], "第1回議事録")
    finds("Subject", "議事録", {"第1回議事録"}, [TARO, "Inbox"])
    finds("Body", "よろしく", {"第1回議事録"}, [TARO, "Inbox"])


def a_letter_with_an_attachment_is_sent(desk, folder):
    """By submission after login; the copy in Sent, the letter at the other account, octet for octet."""
    paper = folder / "見積書 2026年11月.bin"
    paper.write_bytes(os.urandom(700_000))
    desk.client.do("send", {"from": HANAKO, "to": f"佐藤太郎 <{TARO}>", "subject": "お見積りの件", "text": "添付いたします。\nご確認ください。", "file": str(paper)})
    desk.becomes(lambda kept: "\\Seen" in kept.get("お見積りの件", ()), "a copy in Sent that counts as read", "Sent")
    desk.becomes(lambda kept: "お見積りの件" in kept, "the letter at the other account", user=TARO)
    for letter in (desk.text_of("お見積りの件", "Sent"), desk.text_of("お見積りの件", user=TARO)):
        attached = [(part.get_filename(), part.get_content()) for part in letter.iter_attachments()]
        expect(attached == [(paper.name, paper.read_bytes())], f"the attachment as it was: {[name for name, _ in attached]}")
    inbox = [TARO, "Inbox"]
    desk.client.do("open", inbox)
    desk.shows(inbox, "お見積りの件")
    shown = desk.client.do("read", inbox, "お見積りの件")
    expect("ご確認ください。" in shown["text"] and "鈴木花子" in shown["from"] and shown["attachments"] == [paper.name], f"the letter is shown: {shown}")
    desk.client.do("save_attachment", inbox, "お見積りの件", paper.name, str(folder / "saved"))
    expect((folder / "saved").read_bytes() == paper.read_bytes(), "the attachment is saved as it was")


def drafts_are_kept(desk):
    desk.client.do("draft", {"from": HANAKO, "to": TARO, "subject": "書きかけ", "text": "拝啓"}, " 晩秋の候")
    desk.becomes(lambda kept: "\\Draft" in kept.get("書きかけ", ()), "a draft", "Drafts")
    eventually(lambda: "拝啓 晩秋の候" in desk.text_of("書きかけ", "Drafts").get_content(), "the latest text")
    other = desk.by_imap()
    other.select("Drafts", readonly=True)
    expect(len(other.search(None, "UNDELETED")[1][0].split()) == 1, "the draft before it is no more")
    other.logout()


def the_quota_is_shown(desk):
    """In KiB in the folder's properties, in per cent below the window."""
    desk.server.cli("account", "set", HANAKO, "--quota", "50MiB")

    def shown():
        for path in ([HANAKO, "請求書"], INBOX):
            desk.client.do("open", path)
        storage = [one for one in desk.client.do("quota", INBOX) if "STORAGE" in one["name"]]
        return storage and storage[0]["limit"] == 50 * 1024 and 0 < storage[0]["usage"] < 5 * 1024 and re.match(r"\d+%", desk.client.do("quota_on_show"))
    eventually(shown, "the quota and how much of it is used")


def work_goes_on_offline(desk):
    """What is done without the network comes true with it: a move, a deletion, marks, a letter; and what came meanwhile is there."""
    # In this order: Thunderbird 153 forgets a move when a message before it has but a new flag (it sends no command for it, whatever the server).
    for subject in ("機内で移す", "機内で捨てる", "機内で読む"):
        desk.arrives(subject, "字")
        eventually(lambda: subject in desk.kept(), f"{subject} on the server")
    desk.client.do("open", INBOX)
    desk.shows(INBOX, "機内で移す", "機内で捨てる", "機内で読む")
    desk.client.do("go_offline")
    desk.arrives("飛行中に到着")
    desk.client.do("command", INBOX, ["機内で移す"], "cmd_moveMessage", [HANAKO, "請求書"])
    desk.client.do("command", INBOX, ["機内で捨てる"], "cmd_deleteMessage")
    expect(desk.client.do("read", INBOX, "機内で読む")["text"] == "字", "the text is at hand offline")
    desk.client.do("command", INBOX, ["機内で読む"], "cmd_markAsFlagged")
    desk.client.do("send", {"from": HANAKO, "to": TARO, "subject": "機内から", "text": "着いたら送られます。"})
    kept = desk.kept()
    expect({"機内で移す", "機内で捨てる"} <= set(kept) and "\\Flagged" not in kept["機内で読む"], "the server knows nothing yet")
    desk.client.do("go_online")
    desk.becomes(lambda kept: {"\\Seen", "\\Flagged"} <= kept["機内で読む"] and not {"機内で移す", "機内で捨てる"} & set(kept), "what was done offline is done")
    desk.becomes(lambda kept: "機内で移す" in kept, "moved", "請求書")
    desk.becomes(lambda kept: "機内で捨てる" in kept, "deleted", "Trash")
    desk.becomes(lambda kept: "機内から" in kept, "the letter written offline arrives", user=TARO)
    desk.becomes(lambda kept: "機内から" in kept, "and its copy is in Sent", "Sent")
    desk.client.do("get_messages", HANAKO)
    desk.shows(INBOX, "飛行中に到着")


def mail_is_collected_by_pop3(desk):
    """A third account: each letter once, the server's copy stays until it is deleted here."""
    desk.server.add_account(JIRO, PASSWORD)
    jiro = {**account(desk.server, JIRO, "高橋次郎", "inside"), "type": "pop3", "port": desk.server.pop3s_port}
    expect(desk.client.do("verify_account", jiro) == "good", "a POP3 account may be set up")
    desk.client.do("create_account", {**jiro, "extensions": False})
    inbox = [JIRO, "Inbox"]
    for number in range(1, 3):
        desk.arrives(f"{number}通目", recipient=JIRO)
        desk.becomes(lambda kept: f"{number}通目" in kept, "there to be collected", user=JIRO)
        desk.client.do("get_messages", JIRO)
        desk.shows(inbox, f"{number}通目")
    expect(sorted(desk.subjects(inbox)) == ["1通目", "2通目"], f"each once: {desk.subjects(inbox)}")
    expect("よろしく" in desk.client.do("read", inbox, "1通目")["text"], "its text is shown")
    expect(len(desk.kept(user=JIRO)) == 2, "both are still on the server")
    desk.client.do("command", inbox, ["1通目"], "cmd_deleteMessage")
    desk.client.do("get_messages", JIRO)
    desk.becomes(lambda kept: set(kept) == {"2通目"}, "what was deleted here is deleted there", user=JIRO)


def a_restart_learns_what_changed(desk):
    """While Thunderbird is closed another client marks, expunges, and mail comes: it asks for the changes alone (CONDSTORE)."""
    no_alert_was_shown(desk)
    desk.client.close()
    desk.store("残す手紙", "+FLAGS", "(\\Flagged \\Seen)")
    desk.store("第3回議事録", "+FLAGS", "(\\Deleted)", expunge=True)
    desk.arrives("留守中の手紙")
    before = len(desk.client.talk())
    desk.client.start()
    desk.client.do("watch_for_alerts")
    desk.client.do("open", INBOX)
    desk.shows(INBOX, "留守中の手紙")
    desk.shows_as(INBOX, "残す手紙", lambda message: message["flagged"] and message["read"], "starred and read")
    eventually(lambda: "第3回議事録" not in desk.subjects(INBOX), "what was expunged is gone")
    asked = re.search(r"S-INBOX:SendData: \d+ UID fetch 1:\* \(FLAGS\) \(CHANGEDSINCE", desk.client.talk()[before:])
    expect(asked, "it asked for what had changed since")
    expect(set(desk.subjects(INBOX)) == set(desk.kept()), "both have the same messages")


def refusals(talk):
    """Each command that was answered NO or BAD, and the answer."""
    commands = {}
    for connection, direction, tag, words in re.findall(r"IMAP (\w+):localhost:[^\n]*?:(SendData|CreateNewLineFromSocket): (\d+) (.*)", talk):
        if direction == "SendData":
            commands[connection, tag] = words.strip()
        elif words.startswith(("NO", "BAD")):
            yield commands.get((connection, tag), "?"), words.strip()


def nobody_complained(desk):
    """No command was answered BAD, none but the wrong password NO, and the user was shown no alert."""
    talk = desk.client.talk()
    for used in ("STARTTLS", "UID MOVE", "UID COPY", "IDLE", "UID EXPUNGE", "SEARCH", "APPEND", "GETQUOTAROOT"):
        expect(re.search(used, talk, re.IGNORECASE), f"Thunderbird used {used}")
    refused = list(refusals(talk))
    expect(any("AUTHENTICATIONFAILED" in answer for _, answer in refused), "the wrong password's refusal is in the log")
    unexpected = [f"{answer} to {command}" for command, answer in refused
                  if "AUTHENTICATIONFAILED" not in answer and not (command.startswith("STATUS") and any(name in command for name in SHORT_LIVED))]
    expect(not unexpected, f"every command was understood and done: {unexpected}")
    no_alert_was_shown(desk)


def no_alert_was_shown(desk):
    shown = [alert for alert in desk.client.do("alerts") if not any(name in alert for name in SHORT_LIVED)]
    expect(not shown, f"Thunderbird showed its user no alert: {shown}")


def certified_by(authority, server):
    for issued, file in zip(authority.issue("server", ["localhost"]), (server.certificate, server.certificate.with_name("key.pem"))):
        file.write_text(issued.read_text())
    server.certificate = authority.file  # what our own clients trust


@scenario
def run(folder):
    if not PROGRAM.exists():
        raise Skip("thunderbird is not installed: apt-get install --no-install-recommends thunderbird")
    authority = Authority(folder / "authority")
    with Server(folder) as server:
        certified_by(authority, server)
        server.start()
        with Thunderbird(folder / "desk").start() as client:
            desk = Desk(server, client, authority)
            print("Thunderbird", client.do("version"))
            accounts_are_set_up(desk)
            folders_are_listed(desk)
            japanese_mail_is_read(desk)
            a_message_appears_while_idle(desk)
            folders_are_made_and_renamed(desk)
            messages_are_moved_and_copied(desk)
            messages_are_marked(desk)
            messages_are_deleted(desk)
            a_message_is_archived(desk)
            messages_are_searched(desk)
            a_letter_with_an_attachment_is_sent(desk, folder)
            drafts_are_kept(desk)
            the_quota_is_shown(desk)
            work_goes_on_offline(desk)
            mail_is_collected_by_pop3(desk)
            a_restart_learns_what_changed(desk)
            nobody_complained(desk)
            client.close()
