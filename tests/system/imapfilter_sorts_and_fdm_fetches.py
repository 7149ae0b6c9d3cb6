"""imapfilter searches, flags, moves, copies and deletes; fdm fetches what is left by IMAP and by POP3, each letter once."""
import mailbox
import os
import subprocess

from harness import HANAKO, PASSWORD, Server, expect, need, scenario

FILTER = """options.starttls = false
options.create = true
options.subscribe = true
account = IMAP {{ server = "localhost", port = {port}, username = "{user}", password = "{password}", ssl = "auto" }}
inbox = account.INBOX
inbox:contain_subject("letter 0"):mark_flagged()
inbox:contain_subject("letter 0"):add_flags({{ "Sorted" }})
unread = inbox:match_subject("letter 1$") * inbox:is_unseen() - inbox:is_larger(100000)
unread:move_messages(account["Sorted/Deep"])
inbox:contain_body("text 2"):copy_messages(account["Sorted/Deep"])
inbox:contain_subject("letter 3"):delete_messages()
account["Sorted/Deep"]:append_message("Subject: written\\r\\n\\r\\nText\\r\\n", {{ "\\\\Seen" }}, "17-Jul-1996 02:44:25 -0700")
account:rename_mailbox("Sorted/Deep", "Sorted/Deeper")
for _, message in ipairs(account["Sorted/Deeper"]:select_all()) do
  box, uid = table.unpack(message)
  print(box[uid]:fetch_field("Subject"), box[uid]:fetch_size() == #box[uid]:fetch_message())
end
print(#inbox:has_keyword("Sorted"), #inbox:arrived_since("01-Jan-2020"), #account["Sorted/Deeper"]:arrived_before("01-Jan-2000"))
"""
FETCH = """set timeout 30
account "imap" imaps server "localhost" port {imaps} user "{user}" pass "{password}" folders {{ "INBOX" "Sorted/Deeper" }} no-verify keep
account "pop3" pop3 server "localhost" port {pop3} user "{user}" pass "{password}" starttls
action "box" mbox "{folder}/%a"
match all action "box"
"""


def call(folder, *arguments):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": str(folder)})
    expect(done.returncode == 0, f"{arguments[0]} is content: {done.stdout}{done.stderr}")
    return done.stdout


def fetched(path):
    return sorted(letter["Subject"] for letter in mailbox.mbox(path))


@scenario
def run(folder):
    need("imapfilter")
    need("fdm")
    with Server(folder).start() as server:
        for number in range(4):
            server.send(subject=f"letter {number}", text=f"text {number}")
        server.wait_for_subjects([f"letter {n}" for n in range(4)])
        (folder / "filter.lua").write_text(FILTER.format(port=server.imaps_port, user=HANAKO, password=PASSWORD))
        said = call(folder, "imapfilter", "-t", server.certificate, "-c", folder / "filter.lua", "-l", folder / "filter.log")
        for wanted in ("Subject: letter 1\ttrue", "Subject: letter 2\ttrue", "Subject: written\ttrue", "1\t2\t1"):
            expect(wanted in said, f"{wanted}: {said}")
        client = server.imap()
        subscribed = b" ".join(client.lsub()[1])
        expect(b"Sorted/Deep" in subscribed, f"the new mailbox is subscribed to: {subscribed}")
        client.select("INBOX")
        expect(client.search(None, "FLAGGED", "KEYWORD", "Sorted", "SUBJECT", '"letter 0"')[1][0] != b"", "the flags are there")
        client.logout()
        rules = folder / "fdm.conf"
        rules.write_text(FETCH.format(folder=folder, imaps=server.imaps_port, pop3=server.pop3_port, user=HANAKO, password=PASSWORD))
        rules.chmod(0o600)
        for account in ("imap", "pop3"):
            call(folder, "fdm", "-f", rules, "-a", account, "fetch")
        expect(fetched(folder / "imap") == ["letter 0", "letter 1", "letter 2", "letter 2", "written"], f"by IMAP: {fetched(folder / 'imap')}")
        expect(fetched(folder / "pop3") == ["letter 0", "letter 2"], f"by POP3: {fetched(folder / 'pop3')}")
        expect(server.subjects() == [], "which leaves nothing behind")
