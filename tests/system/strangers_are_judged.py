"""Strangers meet a server whose rules are in force: lists of bad and good clients, names that do not lead back, S25R with greylisting for
suspects, forged local senders, SPF. Each client has an address of its own; a real name server knows them. Rules change live; a rule in
shadow is told of and refuses nobody; what greylisting learned outlives a restart."""
import datetime
import json
import smtplib
import subprocess
import time

import _namespaces

_namespaces.enter("net")

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402

# name -> (address, its name, whether that leads back)
CLIENTS = {"good": ("44.0.0.1", "mail.good.example", True), "home": ("44.0.1.1", "ppp12345.home.example", True),
           "neighbour": ("44.0.1.2", "ppp12346.home.example", True), "nameless": ("44.0.2.1", None, False),
           "liar": ("44.0.3.1", "mail.good.example", False), "bad": ("44.0.4.1", "mail.bad.example", True),
           "vouched": ("44.0.5.1", "ppp99999.vouched.example", True)}
ALL_OFF = dict.fromkeys(("access", "dnswl", "dnsbl", "reverse_name", "s25r", "hello_name", "local_sender", "sender_domain", "spf", "greylist", "dmarc", "rate"), "off")


def backwards(address):
    return ".".join(reversed(address.split(".")))


def zone():
    rows = ["good.example. MX 10 mail.good.example.", 'good.example. TXT "v=spf1 ip4:44.0.0.1 -all"', "null.example. MX 0 ."]
    for address, name, leads_back in CLIENTS.values():
        if name:
            rows.append(f"{backwards(address)}.in-addr.arpa. PTR {name}.")
        if leads_back:
            rows.append(f"{name}. A {address}")
    rows += [f"{backwards(CLIENTS[who][0])}.bl.example. A 127.0.0.2" for who in ("bad", "vouched")]
    rows += [f"{backwards(CLIENTS['vouched'][0])}.wl.example. A 127.0.1.1"]
    return "\n".join(rows)


def reply_to(server, who, sender="a@good.example", recipient=TARO, helo="client.example"):
    """What RCPT is answered: (code, text)."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(CLIENTS[who][0], 0), local_hostname=helo) as client:
        client.ehlo()
        client.mail(sender)
        code, text = client.rcpt(recipient)
        return code, text.decode()


def operator_rows(server):
    """What the operator allows and denies counts before all rules, at once; a list goes as it came."""
    nameless = CLIENTS["nameless"][0]
    told = server.cli("policy", "test", "--client", nameless, "--from", "a@good.example", "--to", TARO, check=False)
    expect("put off by greylist: 450" in told and "reverse_name (enforce): defer" in told, f"the evaluation is printed: {told}")
    def waiting():
        return {row["network"]: row for row in json.loads(server.cli("refusals", "list", "--json"))}
    eventually(lambda: waiting().get("44.0.2.0/24", {}).get("tries", 0) >= 2, "the ledger has who keeps trying", 20)
    row = waiting()["44.0.2.0/24"]
    expect(row["kind"] == "C" and row["sender"] == "a@good.example" and 0 < row["likely_percent"] < 50 and row["may_give_up"], f"with what is known of it: {row}")
    server.cli("refusals", "allow", nameless, "--note", "asked by telephone")
    expect(reply_to(server, "nameless")[0] == 250, "let in, at once")
    server.cli("policy", "remove", "--source", "refusals")
    expect(reply_to(server, "nameless")[0] == 450, "and taken back")
    server.cli("policy", "allow", nameless, "--note", "their new machine", "--until", "+30d")
    expect(reply_to(server, "nameless")[0] == 250, "allowed, at once")
    told = json.loads(server.cli("policy", "test", "--json", "--client", nameless, "--from", "a@good.example", "--to", TARO))
    expect(told["verdict"] == "pass" and told["findings"][0]["rule"] == "access", f"and told so: {told}")
    server.cli("policy", "deny", ".good.example", "/^mail[.]bad/")
    code, text = reply_to(server, "good")
    expect(code == 554 and text.endswith("[access]"), f"denied by its name: {text}")
    expect(reply_to(server, "bad")[0] == 554, "and by an expression")
    expect(reply_to(server, "liar")[0] == 450, "a name that does not lead back is nobody's")
    server.cli("policy", "deny", "spam@x.example", "--sender", "--defer")
    expect(reply_to(server, "nameless", sender="spam@x.example")[0] == 450, "a sender is put off, whoever sends")
    listed = json.loads(server.cli("policy", "list", "--json"))
    expect({(row["who"], row["pattern"], row["action"]) for row in listed} == {("client", nameless, "allow"), ("client", ".good.example", "refuse"), ("client", "/^mail[.]bad/", "refuse"),
                                                                               ("sender", "spam@x.example", "defer")}, f"listed: {listed}")
    server.cli("policy", "remove", nameless, ".good.example", "/^mail[.]bad/")
    expect(reply_to(server, "nameless")[0] == 450 and reply_to(server, "good")[0] == 250, "taken back, at once")

    published = "# a list\n/^mail[.]good[.]example$/ OK\n44.0.2.0/24 OK\n*.nobody.example REJECT\nrow that is none true\n"
    refused = server.cli("policy", "import", "-", "--source", "published", "--dry-run", input=published, check=False)
    expect("3 rows can be taken" in refused, f"looked at first: {refused}")
    expect(reply_to(server, "nameless")[0] == 450, "nothing was changed")
    server.cli("policy", "import", "-", "--source", "published", input=published, check=False)
    expect(reply_to(server, "nameless")[0] == 250, "the list counts")
    edition = published.replace("44.0.2.0/24", "44.0.9.0/24").replace("row that is none true\n", "")
    rows = server.cli("policy", "export")
    for text, said in ((published, "1 refused"), ("", "removed 3"), (edition, "removed 1")):
        told = server.cli("policy", "import", "-", "--source", "published", "--replace", input=text, check=False)
        expect(said in told and server.cli("policy", "export") == rows, f"no row goes unasked, nor by a faulty text: {told}")
    told = json.loads(server.cli("policy", "import", "-", "--source", "published", "--replace", "--yes", "--json", input=edition))
    expect((told["new"], told["unchanged"], told["removed"]) == (1, 2, 1) and "44.0.2.0/24" in told["removed_rows"][0], f"{told}")
    expect(reply_to(server, "nameless")[0] == 450, "its next edition replaces it")
    kept = server.cli("policy", "export")
    server.cli("policy", "remove", "--source", "published")
    expect(len(json.loads(server.cli("policy", "list", "--json"))) == 1, "it goes as it came")
    server.cli("policy", "import", "-", input=kept)
    expect(server.cli("policy", "export") == kept, "an export is imported as it was")
    server.cli("policy", "remove", "--source", "published")
    expect("s25r" in server.cli("policy", "rules") and '"mode":"enforce"' in server.cli("policy", "rules", "--json"), "rules are shown with their modes")


@scenario
def run(folder):
    need("nsd")
    for address, _, _ in CLIENTS.values():
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    settings = {"delivery": {"hosts_file": ""}, "rules": dict(ALL_OFF),
                "policy": {"dnsbl": ["bl.example"], "dnswl": ["wl.example"], "authentication_results": False, "name_rules": True, "greylist_wait": "8s"}}
    with NameServer(folder / "dns", zone()) as dns, Server(folder, settings={**settings, "delivery": {"hosts_file": "", "resolvers": [dns.address]}}) as server:
        server.start()
        for who in CLIENTS:
            expect(reply_to(server, who)[0] == 250, f"{who}: with every rule off everybody is taken")
        expect(reply_to(server, "bad", recipient=f"nobody@{DOMAIN}") == (550, "5.1.1 No such user here [recipient]"), "an unknown user is unknown whoever asks")
        expect(reply_to(server, "bad", recipient="a@elsewhere.example")[1].endswith("[relay]"), "nobody relays")
        eventually(lambda: {e.get("rule") for e in server.events("receivelog") if e["event"] == "recipient.refused"} == {"recipient", "relay"}, "each refusal names its rule in the log")

        server.change_settings(rules={"dnsbl": "enforce", "reverse_name": "shadow", "hello_name": "enforce", "local_sender": "enforce", "spf": "enforce", "sender_domain": "enforce"})
        code, text = reply_to(server, "bad")
        expect(code == 554 and "bl.example" in text and text.endswith("[dnsbl]"), f"a listed client is refused and told by which list: {code} {text}")
        expect(reply_to(server, "bad", recipient=f"postmaster@{DOMAIN}")[0] == 250, "it may complain to the postmaster")
        expect(reply_to(server, "vouched")[0] == 554, "a good list counts only while its rule does")
        server.change_settings(rules={"dnswl": "enforce"})
        expect(reply_to(server, "vouched", sender="")[0] == 250, "whom a good list has, no bad one keeps out")
        expect(reply_to(server, "good")[0] == 250, "SPF passes")
        code, text = reply_to(server, "liar")
        expect(code == 550 and text.endswith("[spf]"), f"not by the domain's SPF: {code} {text}")
        expect(reply_to(server, "nameless", sender="a@null.example")[1].endswith("[sender_domain]"), "a domain that takes no mail sends none")
        expect(reply_to(server, "nameless", sender="a@nowhere.example")[0] == 450, "a domain that is not there is put off")
        code, text = reply_to(server, "good", sender=HANAKO)
        expect(code == 550 and text.endswith("[local_sender]"), f"our senders log in: {code} {text}")
        expect(reply_to(server, "good", sender="", helo=server.name)[1].endswith("[hello_name]"), "nobody else is us")
        eventually(lambda: any(event["event"] == "rule.found" and (event["rule"], event["mode"]) == ("reverse_name", "shadow")
                               and "is named mail.good.example, which does not lead back" in event["reason"] for event in server.events("receivelog")), "a rule in shadow is told of")

        server.change_settings(rules={**ALL_OFF, "reverse_name": "enforce", "s25r": "enforce"})
        expect(reply_to(server, "good")[0] == 250, "a server's name")
        expect(reply_to(server, "nameless")[0] == 450 and reply_to(server, "liar")[0] == 450, "no name that leads back")
        expect(reply_to(server, "home") == (450, "4.7.1 S25R check, be patient [s25r]"), "plain S25R puts off")
        server.change_settings(policy={"s25r_reply": "Known servers write to postmaster@a.example", "s25r_nameless_reply": "Your address has no name"})
        expect(reply_to(server, "home") == (450, "4.7.1 Known servers write to postmaster@a.example [s25r]"), "in the operator's words")
        server.change_settings(rules={"reverse_name": "off"})
        expect(reply_to(server, "nameless") == (450, "4.7.1 Your address has no name [s25r]"), "to who has no name too")
        server.change_settings(rules={"reverse_name": "enforce"}, policy={"s25r_reply": "S25R check, be patient"})
        server.change_settings(policy={"reverse_name": "refuse"})
        expect(reply_to(server, "nameless")[0] == 550, "refused, if so set")

        server.change_settings(policy={"reverse_name": "defer", "greylist": "suspects"}, rules={"greylist": "enforce", "access": "enforce"})
        expect(reply_to(server, "good")[0] == 250, "greylisting is for suspects")
        code, text = reply_to(server, "home")
        expect(code == 450 and "Greylisted, please try again in 8 seconds" in text, f"a suspect is asked to come again: {text}")
        expect(reply_to(server, "home")[0] == 450, "too early")
        time.sleep(8.2)
        expect(reply_to(server, "home", recipient=HANAKO)[0] == 450, "another mail waits for itself")
        began = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)  # it keeps whole seconds
        expect(reply_to(server, "home")[0] == 250, "who comes again passes")
        expect(reply_to(server, "neighbour", sender="b@other.example", recipient=HANAKO)[0] == 250, "and so does its network from then on")
        expect(reply_to(server, "nameless")[0] == 450, "nobody else")

        server.change_settings(policy={"greylist_wait": "10m"})  # nobody passes by himself meanwhile
        operator_rows(server)
        server.change_settings(policy={"greylist_wait": "8s"})

        server.cli("service", "restart", "receive")
        eventually(lambda: reply_to(server, "neighbour", recipient=HANAKO)[0] == 250, "what was learned outlives a restart", 30)
        expect((server.data / "policy/greylist").read_text().startswith("hikyaku-greylist 1\n"), "it is kept")
        network = CLIENTS["neighbour"][0].rsplit(".", 1)[0] + ".0/24"
        known = {row["who"]: row for row in json.loads(server.cli("policy", "known", "list", "--json"))}
        since, last, until = (datetime.datetime.fromisoformat(known[network][name]) for name in ("since", "last", "until"))
        expect(known[network]["mails"] >= 1 and began <= since <= last and until - last == datetime.timedelta(days=36), f"who passes at once is shown: {known}")
        other = subprocess.run([server.program, "--config", server.config, "policy", "known", "forget", "192.0.2.1"], capture_output=True, text=True, env={"LANG": "C"})
        expect(other.returncode != 0 and "192.0.2.0/24 is not known; see: hikyaku policy known list" in other.stderr, f"nobody else can be forgotten: {other}")
        server.cli("policy", "known", "forget", CLIENTS["neighbour"][0])
        code, text = reply_to(server, "neighbour", recipient=HANAKO)
        expect(code == 450 and "Greylisted" in text, f"and waits again when the operator says so: {code} {text}")
        expect(network not in server.cli("policy", "known", "list"), "nor is it shown")
        expect([e["text"] for e in server.events("servicelog") if e["event"] == "known.forgotten"] == [network], "who did it is in the log")
        # A login is no stranger's.
        server.change_settings(rules={"local_sender": "enforce"})
        with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=30, source_address=(CLIENTS["nameless"][0], 0)) as client:
            client.starttls(context=server.context())
            client.login(TARO, "correct horse 1")
            client.sendmail(TARO, [HANAKO], "Subject: of ours\r\n\r\nHello\r\n")
        eventually(lambda: server.subjects(HANAKO) == ["of ours"], "no rule looks at who logged in", 30)

        server.change_settings(policy={"rates": ["account 2/1h", "client 3/1h"]}, rules={**ALL_OFF, "rate": "enforce"})
        with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=30, source_address=(CLIENTS["liar"][0], 0)) as client:
            client.starttls(context=server.context())
            client.login(TARO, "correct horse 1")
            client.mail(TARO)
            codes = [client.rcpt(HANAKO)[0], client.rcpt(TARO)[0], client.rcpt(HANAKO)]
        expect(codes[:2] == [250, 250] and codes[2][0] == 450 and codes[2][1].endswith(b"[rate]"), f"an account has its rate: {codes}")
        used = {(row["rate"], row["who"]): row for row in json.loads(server.cli("policy", "rates", "--json"))}
        expect(used[("account 2/3600s", TARO)]["used"] == 2 and used[("account 2/3600s", TARO)]["again_in_seconds"] > 0, f"and who has used it up is shown: {used}")
        expect(reply_to(server, "liar")[0] == 250 and reply_to(server, "liar")[0] == 450, "a client too")
        expect(reply_to(server, "good")[0] == 250, "each for itself")
