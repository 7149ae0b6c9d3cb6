"""NeoMutt keeps its headers between two runs and asks by QRESYNC what happened meanwhile: a new letter, a flag, a deletion."""
import subprocess

from harness import HANAKO, PASSWORD, Server, expect, need, scenario


class NeoMutt:
    def __init__(self, folder, server):
        self.folder = folder
        self.settings = f"""set folder="imaps://127.0.0.1:{server.imaps_port}/"
set spoolfile="imaps://127.0.0.1:{server.imaps_port}/INBOX"
set imap_user="{HANAKO}"
set imap_pass="{PASSWORD}"
set ssl_verify_host=no
set ssl_verify_dates=no
set certificate_file={server.certificate}
set imap_qresync=yes
set header_cache={folder}/cache
set quit=yes
set wait_key=no
set pipe_decode=no
set send_charset="utf-8"
"""

    def run(self, keys):
        """What it logged of its talk."""
        (self.folder / "rc").write_text(f'{self.settings}push "{keys}"\n')
        subprocess.run(["script", "-qec", f"neomutt -n -F {self.folder}/rc -d 4 -l {self.folder}/talk", "/dev/null"], timeout=90,
                       stdin=subprocess.PIPE, capture_output=True,
                       env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"})
        return (self.folder / "talk0").read_text(errors="replace")


@scenario
def run(folder):
    need("neomutt")
    need("script")
    with Server(folder).start() as server:
        for number in range(4):
            server.send(subject=f"letter {number}", text=f"text {number}")
        server.wait_for_subjects([f"letter {n}" for n in range(4)])
        neomutt = NeoMutt(folder, server)
        neomutt.run("<quit>")
        client = server.imap()
        client.select("INBOX")
        number = {n: client.search(None, "SUBJECT", f'"letter {n}"')[1][0].split()[0] for n in range(4)}
        client.store(number[1], "+FLAGS", r"(\Flagged)")
        client.store(number[2], "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.append("INBOX", None, None, b"Subject: letter 4\r\n\r\ntext 4\r\n")
        client.logout()
        talk = neomutt.run(f"<limit>~F<enter><pipe-entry>cat > {folder}/flagged<enter><limit>~A<enter><tag-pattern>~A<enter>"
                           f"<tag-prefix><pipe-entry>cat > {folder}/all<enter><quit>")
        expect("VANISHED" in talk and "CHANGEDSINCE" in talk, "QRESYNC was spoken")
        expect(" BAD " not in talk, f"nothing was refused: {talk}")
        there = (folder / "all").read_text()
        expect([n for n in range(5) if f"text {n}" in there] == [0, 1, 3, 4], f"what it shows: {there}")
        expect("text 1" in (folder / "flagged").read_text(), "and the flag")
