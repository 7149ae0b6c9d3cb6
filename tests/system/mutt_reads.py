"""mutt opens INBOX by IMAPS and pipes a letter out."""
import subprocess

from harness import HANAKO, PASSWORD, Server, expect, need, scenario


@scenario
def run(folder):
    need("mutt")
    need("script")
    with Server(folder).start() as server:
        server.send(subject="for mutt", sender="stranger@b.example", text="find me")
        server.wait_for_subjects(["for mutt"])
        out = folder / "letter"
        (folder / "rc").write_text(f"""set folder="imaps://127.0.0.1:{server.imaps_port}/"
set spoolfile="imaps://127.0.0.1:{server.imaps_port}/INBOX"
set imap_user="{HANAKO}"
set imap_pass="{PASSWORD}"
set ssl_verify_host=no
set ssl_verify_dates=no
set certificate_file={server.certificate}
set quit=yes
set wait_key=no
set pipe_decode=no
set header_cache=
set send_charset="utf-8"
push "<pipe-entry>cat > {out}<enter><quit>"
""")
        subprocess.run(["script", "-qec", f"mutt -n -F {folder}/rc", "/dev/null"], timeout=90, stdin=subprocess.PIPE, capture_output=True,
                       env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"})
        expect(out.exists() and "find me" in out.read_text(), "mutt piped the letter out")
