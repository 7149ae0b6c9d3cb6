"""Others read our reports: Python's email parser finds no defect in the golden files, and Postfix takes bounces with Japanese,
8-bit originals and many recipients, one mail for all, and gives them back as they were."""
import email
import email.policy
import pathlib
import smtplib
import subprocess

from harness import Server, eventually, expect, need, scenario
from peers.next_hop import NextHop
from peers.postfix import Postfix

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "services/delivery/report/golden"


def strictly(octets):
    """The report's fields and its text for people; a defect anywhere is an error."""
    report = email.message_from_bytes(octets, policy=email.policy.default)
    for part in report.walk():
        expect(not part.defects, f"{part.get_content_type()}: {part.defects}")
        for name, value in part.items():
            expect(not getattr(value, "defects", ()), f"{name}: {value} {value.defects}")
    expect(report.get_content_type() == "multipart/report" and report.get_param("report-type") == "delivery-status", report["Content-Type"])
    text, status = report.get_payload()[:2]
    expect(status.get_content_type() in ("message/delivery-status", "message/global-delivery-status"), status.get_content_type())
    blocks = status.get_payload() if isinstance(status.get_payload(), list) else []
    return report, text.get_content(), blocks


def golden_files():
    files = sorted(GOLDEN.glob("*.eml"))
    expect(len(files) >= 8, f"{files}")
    for path in files:
        octets = path.read_bytes()
        expect(all(len(line) <= 998 for line in octets.split(b"\r\n")) and octets.count(b"\n") == octets.count(b"\r\n"), path.name)
        if b"global" not in octets:
            expect(octets.isascii(), f"{path.name}: only what needs RFC 6533 has eight bits")
        report, text, blocks = strictly(octets)
        expect("Who must act" in text or "Outcome" in text or "Tried until" in text, f"{path.name}: {text}")
        expect("対応する人" in text or "結果" in text or "再送の期限" in text, f"{path.name}: {text}")


def held(postfix):
    """The texts Postfix has accepted."""
    texts = []
    for line in postfix.queue_ids():
        queue_id = line.split('"queue_id": "')[1].split('"')[0]
        texts.append(subprocess.run(["postcat", "-c", str(postfix.config), "-bh", "-q", queue_id], capture_output=True, check=True).stdout)
    return texts


@scenario
def run(folder):
    golden_files()
    need("postfix")
    postfix = Postfix(folder / "postfix", hold=True).start()
    try:
        with Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5"]}}) as server, \
                NextHop(answer=lambda verb, line, session: "550 5.1.1 そんな人はいません" if verb == "RCPT" else None) as hop:
            server.start()
            server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
            server.cli("route", "add", f"nowhere.example,127.0.0.1,{hop.port}")
            server.cli("route", "add", f"sender.example.jp,127.0.0.1,{postfix.port}")
            many = [f"user{n}@{domain}" for n in range(150) for domain in ("far.example", "nowhere.example")]
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("127.0.0.5", 0)) as client:
                client.sendmail("taro@sender.example.jp", many, "Subject: 会議\r\nMessage-ID: <7@client.example>\r\n\r\n本文\r\n.\r\n".encode(), ["BODY=8BITMIME"])
            eventually(lambda: "@" not in server.cli("queue", "list", "--json"), "everything has its end", 60)
            texts = eventually(lambda: held(postfix), "the bounce at Postfix")
            expect(len(texts) == 1, f"one report for {len(many)} recipients, not {len(texts)}")
            report, text, blocks = strictly(texts[0].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
            expect({block["Final-Recipient"].split(";")[1].strip() for block in blocks[1:]} == set(many), f"{len(blocks)} recipients")
            expect("このアドレスの利用者はいません" in text and "There is no such user" in text and "そんな人はいません" in text, text[:2000])
            expect("配送できません" in str(report["Subject"]) and report["In-Reply-To"] == "<7@client.example>", f"{report.items()}")
            expect("本文".encode() in texts[0], "the original as it was")
    finally:
        postfix.stop()
