"""msmtp sends by STARTTLS and by TLS, with PLAIN and SCRAM-SHA-256; mpop fetches everything once and nothing twice."""
import mailbox
import subprocess

from harness import HANAKO, PASSWORD, TARO, Server, expect, need, scenario


def call(program, *arguments, text=None):
    done = subprocess.run([program, *map(str, arguments)], input=text, text=True, capture_output=True, timeout=60)
    expect(done.returncode == 0, f"{program} is content: {done.stdout}{done.stderr}")


@scenario
def run(folder):
    need("msmtp")
    need("mpop")
    with Server(folder).start() as server:
        common = ["--host=127.0.0.1", "--tls=on", f"--tls-trust-file={server.certificate}", "--tls-host-override=localhost",
                  f"--passwordeval=echo '{PASSWORD}'"]
        ways = [("starttls plain", server.submission_port, "on", "plain"), ("tls scram", server.submissions_port, "off", "scram-sha-256"),
                ("starttls login", server.submission_port, "on", "login")]
        for subject, port, starttls, method in ways:
            call("msmtp", *common, f"--port={port}", f"--tls-starttls={starttls}", f"--auth={method}", f"--user={TARO}", "-f", TARO, HANAKO,
                 text=f"From: {TARO}\nTo: {HANAKO}\nSubject: {subject}\n\nText of {subject}\n.\n..two dots\n")
        wanted = {way[0] for way in ways}
        server.wait_for_subjects(wanted)
        fetched = folder / "fetched"
        for port, starttls, method in ((server.pop3_port, "on", "plain"), (server.pop3s_port, "off", "scram-sha-256")):
            call("mpop", *common, f"--port={port}", f"--tls-starttls={starttls}", f"--auth={method}", f"--user={HANAKO}", "--keep=on",
                 f"--delivery=mbox,{fetched}", f"--uidls-file={folder}/uidls")
        letters = list(mailbox.mbox(fetched))
        expect(sorted(letter["Subject"] for letter in letters) == sorted(wanted), "each letter came once")
        expect(all(".\n..two dots\n" in letter.get_payload() for letter in letters), "with its dots")
        call("mpop", *common, f"--port={server.pop3s_port}", "--tls-starttls=off", "--auth=user", f"--user={HANAKO}", "--keep=off",
             f"--delivery=mbox,{folder}/again", f"--uidls-file={folder}/other")
        expect(server.subjects() == [], "and is deleted when asked")
