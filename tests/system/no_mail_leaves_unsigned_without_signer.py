"""signer is killed under load, stopped, and asked too late: no mail is lost, none leaves unsigned, and none is tried meanwhile; mail that needs no signature goes on to the same
destination. One domain's lost keys keep back its own mail alone. With when_away = "unsigned" mail goes on without."""
import json
import smtplib
import threading

from _killing import SETTINGS, kill_and_await
from harness import DOMAIN, PASSWORD, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

MAILS, SENDERS = 60, 3
KEYLESS, OTHER = "b.example", "c.example"


def submit_many(server, sender, subjects):
    with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=60) as client:
        client.starttls(context=server.context())
        client.login(TARO, PASSWORD)
        for subject in subjects:
            client.sendmail(TARO, [f"friend{sender}@outside.example"], f"From: {TARO}\r\nSubject: {subject}\r\n\r\nHello\r\n")


def subjects_of(hop):
    return [line for one in hop.transactions for line in one.text.decode().split("\r\n") if line.startswith("Subject: ")]


def unsigned(hop):
    """Of the domain that has keys."""
    return [one.text.decode() for one in hop.transactions if not one.text.startswith(b"DKIM-Signature:") and KEYLESS.encode() not in one.text]


def send(server, sender, subject):
    server.send(recipient="friend@outside.example", sender=sender, subject=subject, port=server.submission_port, tls=True, user=sender)


def causes(server, trace_id):
    """What its time goes to, of a message to one recipient, in seconds."""
    (one,) = json.loads(server.cli("why", trace_id, "--json"))["recipients"]
    return {cause: spent / 1e6 for cause, spent in one["spent_us"].items()}


@scenario
def run(folder):
    with NextHop() as hop, Server(folder, name=f"mail.{DOMAIN}", settings=SETTINGS).start() as server:
        server.cli("route", "add", f"*,127.0.0.1,{hop.port}")
        for key in json.loads(server.cli("dkim", "key", "add", DOMAIN, "--manual", "--json")):
            server.cli("dkim", "key", "activate", DOMAIN, key["selector"], "--force")
        eventually(lambda: server.states()["signer"] == "running", "signer runs")
        for domain in (KEYLESS, OTHER):
            server.add_domain(domain)
            server.add_account(f"saburo@{domain}", PASSWORD)
        killed_under_load(server, hop)
        stopped_and_started(server, hop)
        one_domains_keys_are_lost(server, hop)
        sent_unsigned_by_setting(server, hop)


def killed_under_load(server, hop):
    wanted = [[f"load {sender} {n}" for n in range(MAILS)] for sender in range(SENDERS)]
    threads = [threading.Thread(target=submit_many, args=(server, sender, subjects)) for sender, subjects in enumerate(wanted)]
    for thread in threads:
        thread.start()
    kills = 0
    while any(thread.is_alive() for thread in threads) or kills < 2:
        kill_and_await(server, "signer")
        kills += 1
    for thread in threads:
        thread.join()
    everything = {f"Subject: {subject}" for subjects in wanted for subject in subjects}
    eventually(lambda: everything <= set(subjects_of(hop)), f"all mail of the load after {kills} kills", 180)
    expect(len(subjects_of(hop)) == len(everything), "each once")
    expect(not unsigned(hop), f"all of it signed: {unsigned(hop)[:1]}")


def stopped_and_started(server, hop):
    server.cli("service", "stop", "signer")
    for number in range(30):
        send(server, TARO, f"waits {number}")
    eventually(lambda: [one for one in server.events("servicelog") if one["event"] == "signer.away"], "the log says that signer is away")
    send(server, f"saburo@{KEYLESS}", "needs no signature")
    eventually(lambda: "Subject: needs no signature" in subjects_of(hop), "what needs none goes on", 60)
    told = eventually(lambda: [one for one in server.events("outlog") if one.get("sender") == f"saburo@{KEYLESS}"], "as the log tells", 60)
    expect(told[0]["spent_ms"].get("signing", 0) < 3_000, f"it did not wait for signer with the others: {told}")
    expect(not [one for one in subjects_of(hop) if "waits" in one], "nothing else leaves")
    waits = [item["message"] for item in json.loads(server.cli("queue", "list", "--sender", TARO, "--json"))["items"]]
    expect(len(waits) == 30, f"they wait: {waits}")
    eventually(lambda: causes(server, waits[0]).get("signing", 0) > 3, "for signer, as is told", 60)
    server.cli("queue", "delete", "--id", waits[0], "--yes")
    expect(not [one for one in server.events("senderlog") if one["event"] == "delivery.deferred"], "and no attempt is counted")
    server.cli("service", "start", "signer")
    eventually(lambda: sum("waits" in one for one in subjects_of(hop)) == 29, "they leave when signer is back, but for what was deleted", 60)
    expect(not unsigned(hop), "signed")
    eventually(lambda: [one for one in server.events("servicelog") if one["event"] == "signer.back"], "the log says that it is back")


def one_domains_keys_are_lost(server, hop):
    lost = []
    for key in json.loads(server.cli("dkim", "key", "add", OTHER, "--manual", "--json")):
        server.cli("dkim", "key", "activate", OTHER, key["selector"], "--force")
        file = server.data / "dkim-keys" / key["private_key"]
        lost.append((file, file.read_bytes()))
        file.unlink()
    for number in range(5):
        send(server, f"saburo@{OTHER}", f"keyless {number}")
    eventually(lambda: [one for one in server.events("servicelog") if one["event"] == "signer.key_unusable"], "the log names the key")
    send(server, TARO, "has keys")
    eventually(lambda: "Subject: has keys" in subjects_of(hop), "others go on", 60)
    expect(not [one for one in subjects_of(hop) if "keyless" in one], "those wait")
    for file, octets in lost:
        file.write_bytes(octets)
        file.chmod(0o600)
    eventually(lambda: sum("keyless" in one for one in subjects_of(hop)) == 5, "until the keys are back", 60)
    expect(not unsigned(hop), "signed")


def sent_unsigned_by_setting(server, hop):
    server.change_settings(signing={"when_away": "unsigned"})
    server.cli("service", "stop", "signer")
    server.send(recipient="friend@outside.example", subject="goes all the same", port=server.submission_port, tls=True, user=TARO)
    eventually(lambda: "Subject: goes all the same" in subjects_of(hop), "it leaves", 60)
    expect(len(unsigned(hop)) == 1, "without a signature, as the setting says")
    eventually(lambda: [one for one in server.events("servicelog") if one["event"] == "mail.unsigned"], "and the log says so")
