"""`hikyaku why` on planted faults: its first suggestion is the right one for (at least 10 of) 12, both of the message and of its
domain, and the causes of each message's time add up to the time since it was accepted."""
import json
import smtplib
import time

import _namespaces

_namespaces.enter("net")

from harness import DOMAIN, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402

SENDER = "news@ours.example"
RECORDS = """\
ours.example. MX 10 mail.ours.example.
_dmarc.ours.example. TXT "v=DMARC1; p=none"
""" + "".join(f"{name}.example. MX 10 mx.{name}.example.\nmx.{name}.example. A 127.0.1.{number}\n" for number, name in enumerate(
    ("dead", "tarpit", "grey", "tls", "held", "limited", "policy", "wrong", "fine", "stopped", "later", "unknown"), 2)) + """\
lying.example. MX 10 gone.lying.example.
"""
RIGHT, JUDGED = [], []


def mail(server, *recipients):
    """Sends one message; its trace id."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.ehlo(), client.mail(SENDER)
        for recipient in recipients:
            client.rcpt(recipient)
        code, answer = client.data("Subject: x\r\n\r\nHello\r\n")
    expect(code == 250, f"taken: {answer}")
    return next(word for word in answer.decode().replace(";", " ").split() if len(word) == 27 and word.startswith("B"))


def why(server, what):
    told = json.loads(server.cli("why", what, "--json"))
    for one in told.get("recipients", ()):
        total = sum(one["spent_us"].values())
        expect(abs(total - one["elapsed_us"]) <= one["elapsed_us"] / 100, f"the causes add up: {one}")
    return told


def age_is_right(server, message, sent):
    """The sum of the causes of a message that waits is its age, by our own clock; `sent`: after the first moment, before the second."""
    least = time.time() - sent[1]
    told = why(server, message)
    most = time.time() - sent[0]
    for one in told["recipients"]:
        expect(least * 0.99 <= one["elapsed_us"] / 1e6 <= most * 1.01, f"elapsed {one['elapsed_us']} us, its age is {least} to {most} s")


def judge(server, fault, message, domain, *advice, seconds=60):
    """Waits until the fault shows, then asks for the message and for the domain."""
    def first(what):
        return why(server, what)["suggestions"][0]

    for what in filter(None, (message, domain)):
        try:
            eventually(lambda: first(what)["advice"] in advice, fault, seconds)
            good = True
        except AssertionError:
            good = False
        told = first(what)
        print(f"{'right' if good else 'WRONG'}  {fault}: {what}: {told['advice']}: {told['text']}")
        JUDGED.append((fault, good, told))
    if all(good for name, good, _ in JUDGED if name == fault):
        RIGHT.append(fault)


def grey(verb, line, session):
    return "451 4.7.1 Greylisted, please try again in 300 seconds" if verb == "RCPT" else None


def slow_greeting(verb, line, session):
    if verb == "CONNECT":
        time.sleep(1800)


def slow_end(verb, line, session):
    if verb == "END":
        time.sleep(4)


def unauthenticated(verb, line, session):
    return "550 5.7.26 This mail is unauthenticated: SPF does not name the sender's address" if verb == "END" else None


def no_relay(verb, line, session):
    return "554 5.7.1 Relay access denied" if verb == "RCPT" else None


def no_user(verb, line, session):
    return "550 5.1.1 User unknown" if verb == "RCPT" else None


@scenario
def run(folder):
    need("nsd")
    dns = NameServer(folder / "dns", RECORDS)
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"resolvers": [dns.address], "hosts_file": "", "reply_time": "30m", "connection_limits": ["limited.example 1"]}}
    hops = {"127.0.1.3": slow_greeting, "127.0.1.4": grey, "127.0.1.5": None, "127.0.1.7": slow_end, "127.0.1.8": unauthenticated,
            "127.0.1.9": no_relay, "127.0.1.10": None, "127.0.1.13": no_user}
    with dns, Server(folder, settings=settings) as server:
        for address, answer in hops.items():
            NextHop(address, 25, answer).start()
        server.start()
        server.cli("route", "import", "-", input="tls.example,127.0.1.5,25,tls=required\nwrong.example,127.0.1.9,25\n")
        held = json.loads(server.cli("hold", "add", "--json", "--destination", "held.example", "--reason", "the server is rebuilt"))
        began = time.time()
        sent = {name: mail(server, f"x@{name}.example") for name in
                ("dead", "tarpit", "grey", "lying", "tls", "held", "policy", "wrong", "fine", "unknown")}
        limited = [mail(server, f"x{n}@limited.example") for n in range(100)]
        sent_between = (began, time.time())

        judge(server, "a dead host", sent["dead"], "dead.example", "peer-down")
        judge(server, "a greylist", sent["grey"], "grey.example", "greylist")
        judge(server, "TLS that is demanded and not there", sent["tls"], "tls.example", "tls")
        judge(server, "a hold", sent["held"], "held.example", "release")
        judge(server, "a low limit", limited[-1], "limited.example", "limit")
        judge(server, "DNS that names what is not there", sent["lying"], "lying.example", "dns-records")
        judge(server, "a wrong route", sent["wrong"], "wrong.example", "route")
        judge(server, "a recipient nobody has", sent["unknown"], "unknown.example", "recipient")
        judge(server, "a tarpit", sent["tarpit"], "tarpit.example", "slow-peer")
        policy(server, sent["policy"])
        age_is_right(server, sent["tarpit"], sent_between)
        age_is_right(server, sent["held"], sent_between)
        delivered(server, sent["fine"])
        text = server.cli("why", sent["grey"])
        expect(text.splitlines()[0].startswith("grey.example greylists") or "greylists newcomers" in text.splitlines()[0], f"the first line says what to do: {text}")

        read_only_account(server)
        dns.stop()
        silent = mail(server, "x@silent.example")
        judge(server, "name servers that do not answer", silent, "silent.example", "dns-servers", seconds=150)
        server.cli("service", "stop", "deliver")
        waits = mail(server, "x@stopped.example")
        judge(server, "deliver stopped", waits, "stopped.example", "start")
        told = why(server, waits)
        expect(not told["deliver_runs"] and told["recipients"][0]["place"] == "unknown", f"seen without deliver: {told}")
        delivered(server, sent["fine"])
        expect(held["id"] == why(server, "held.example")["hold"], "the hold is named with deliver stopped too")
    wrong = [(fault, told) for fault, good, told in JUDGED if not good]
    print(f"{len(RIGHT)} faults right: {', '.join(RIGHT)}")
    expect(len({fault for fault, _, _ in JUDGED}) >= 12, "twelve faults were planted")
    expect(not wrong, f"wrong: {wrong}")


def policy(server, message):
    """The record that is missing is named, and what is there is not blamed."""
    judge(server, "a policy refusal", message, "policy.example", "policy")
    told = why(server, "policy.example")
    expect("SPF" in told["suggestions"][0]["text"], f"SPF is missing: {told['suggestions'][0]}")
    states = {one["record"]: one["state"] for one in told["records"]}
    expect(states["SPF"] == "missing" and states["DMARC"] == "good", f"{states}")


def delivered(server, message):
    """Of a delivered message the sum is the time from its acceptance to the line that tells of its end."""
    told = why(server, message)
    line = eventually(lambda: [event for event in server.events("outlog") if event["message"] == message], "the log tells of its end")[0]
    seconds = time_of(line["time"]) - time_of(line["accepted_at"])
    one = told["recipients"][0]
    expect(one["place"] == "delivered" and told["suggestions"][0]["advice"] == "nothing", f"{told}")
    expect(abs(one["elapsed_us"] / 1e6 - seconds) <= max(seconds / 100, 0.002), f"{one['elapsed_us']} us told, {seconds} s logged")


def time_of(stamp):
    import datetime
    return datetime.datetime.fromisoformat(stamp).timestamp()


def read_only_account(server):
    """The store of one account cannot be written: where its file would be stands a folder."""
    server.add_account(f"jiro@{DOMAIN}")
    for number in range(1, 10):
        if not (server.data / "accounts" / "account" / str(number) / "index.sqlite").exists():
            (server.data / "accounts" / "account" / str(number) / "index.sqlite").mkdir(parents=True)
    message = mail(server, f"jiro@{DOMAIN}")
    judge(server, "an account that cannot be written", message, DOMAIN, "disk")
