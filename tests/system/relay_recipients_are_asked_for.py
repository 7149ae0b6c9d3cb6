"""The users of a relay domain are known at RCPT: by an imported list, or by asking the inner server, a real Postfix. Answers are kept, over a restart too; while
the inner server is down or held, or `deliver` is stopped, known users are taken and unknown ones taken or put off, never refused; a server that takes everybody
is found out; one that does not answer keeps nobody else waiting."""
import contextlib
import json
import socket
import threading
import time

from harness import HANAKO, Server, eventually, expect, need, scenario
from peers.postfix import Postfix

INNER = "inner.example"
TARO, JIRO, SABURO, NOBODY = (f"{name}@{INNER}" for name in ("taro", "jiro", "saburo", "nobody"))


def reply_to(server, recipient, sender="a@outside.example"):
    with server.smtp() as client:
        client.ehlo("client.example")
        client.mail(sender)
        code, text = client.rcpt(recipient)
        return code, text.decode()


def asked(server):
    return [(event["recipient"], event["reply"]) for event in server.events("receivelog") if event["event"] == "recipient.asked"]


def by_list(server):
    text = f"# users\n{TARO} OK\n{JIRO.upper()}\tOK\n@{INNER} OK\nsomebody@else.example\n"
    refused = server.cli("domain", "recipients", "mode", INNER, "list", check=False)
    expect(reply_to(server, NOBODY)[0] == 250, f"an empty list is not taken: {refused}")
    told = server.cli("domain", "recipients", "import", INNER, "-", "--dry-run", input=text, check=False)
    expect("2 rows can be taken" in told and "2 refused" in told, f"looked at first: {told}")
    expect(server.cli("domain", "recipients", "export", INNER) == "", "nothing was changed")
    server.cli("domain", "recipients", "import", INNER, "-", "--source", "hr", input=text, check=False)
    server.cli("domain", "recipients", "mode", INNER, "list")
    expect([reply_to(server, who)[0] for who in (TARO, JIRO, f"taro+news@{INNER}")] == [250] * 3, "listed users are taken")
    code, reply = reply_to(server, NOBODY)
    expect((code, reply[:5]) == (550, "5.1.1"), f"nobody else is: {code} {reply}")
    expect(reply_to(server, f"postmaster@{INNER}")[0] == 250, "the postmaster always is")
    expect(reply_to(server, HANAKO, sender=NOBODY)[0] == 250, "its users may write from anywhere, listed or not")
    server.cli("domain", "recipients", "add", INNER, SABURO)
    expect(reply_to(server, SABURO)[0] == 250, "added, at once")
    users = server.cli("domain", "recipients", "export", INNER)
    for edition, said in ((f"{TARO}\n", "removed 1"), ("", "removed 2"), (f"{TARO}\nsomebody@else.example\n", "1 refused")):
        for options in ((), ("--dry-run",)):
            told = server.cli("domain", "recipients", "import", INNER, "-", "--source", "hr", "--replace", *options, input=edition, check=False)
            expect(said in told and server.cli("domain", "recipients", "export", INNER) == users, f"nobody goes unasked, nor by a faulty list: {options} {told}")
    server.cli("domain", "recipients", "import", INNER, "-", "--source", "hr", "--replace", "--yes", input=f"{TARO}\n")
    expect([reply_to(server, who)[0] for who in (TARO, JIRO, SABURO)] == [250, 550, 250], "the list's next edition replaces it, and no other's rows")
    rows = json.loads(server.cli("domain", "recipients", "list", INNER, "--json"))
    expect({(row["address"], row["source"]) for row in rows} == {(TARO, "hr"), (SABURO, "operator")}, f"listed: {rows}")
    server.cli("domain", "recipients", "remove", INNER, SABURO)
    expect(reply_to(server, SABURO)[0] == 550, "removed, at once")


@contextlib.contextmanager
def silent_host():
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = []

        def take():
            with contextlib.suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        yield listener.getsockname()[1]
        listener.close()
        for one in taken:
            one.close()


def by_asking(server, postfix):
    server.cli("domain", "recipients", "mode", INNER, "ask")
    expect(reply_to(server, TARO)[0] == 250, "whom the inner server has is taken")
    code, reply = reply_to(server, NOBODY)
    expect((code, reply[:5]) == (550, "5.1.1"), f"whom it has not is refused: {code} {reply}")
    eventually(lambda: [who for who, _ in asked(server)] == [TARO, NOBODY], "both were asked for", 20)
    expect(reply_to(server, TARO)[0] == 250 and reply_to(server, NOBODY)[0] == 550 and reply_to(server, TARO.upper())[0] == 250, "and are known now")
    expect(len(asked(server)) == 2, f"without being asked for again: {asked(server)}")
    expect("asked" not in " ".join(postfix.queue_ids()), "no mail was made of it")
    expect(reply_to(server, f"postmaster@{INNER}")[0] == 250 and len(asked(server)) == 2, "nobody is asked for the postmaster")

    server.cli("service", "restart", "receive")
    eventually(lambda: reply_to(server, TARO)[0] == 250, "it is there again", 30)
    expect(reply_to(server, NOBODY)[0] == 550 and len(asked(server)) == 2, f"what was learned outlives a restart: {asked(server)}")


def while_it_is_away(server, postfix):
    hold = json.loads(server.cli("hold", "add", "--destination", INNER, "--reason", "moved", "--json"))
    expect([reply_to(server, who)[0] for who in (TARO, SABURO, NOBODY)] == [250] * 3, "under a hold all are taken")
    server.change_settings(recipients={"while_away": "defer"})
    expect([reply_to(server, who)[0] for who in (TARO, SABURO, NOBODY)] == [250, 450, 450], "or those who are not known put off, and nobody is refused")
    server.cli("hold", "release", hold["id"])
    expect([reply_to(server, who)[0] for who in (TARO, NOBODY)] == [250, 550], "afterwards it is as before")

    postfix.stop()
    expect(reply_to(server, SABURO)[0] == 450, "while it is down, who is not known is put off")
    expect([reply_to(server, who)[0] for who in (TARO, NOBODY)] == [250, 450], "who is known is taken, and nobody refused")
    server.change_settings(recipients={"while_away": "accept"})
    expect([reply_to(server, who)[0] for who in (TARO, SABURO, NOBODY)] == [250] * 3, "or all are taken")
    server.change_settings(recipients={"while_away": "defer"})

    server.cli("service", "stop", "deliver")
    began = time.monotonic()
    expect([reply_to(server, who)[0] for who in (TARO, SABURO)] == [250, 450], "the same while nobody can ask")
    expect(time.monotonic() - began < 45, "and nobody waits for it")
    server.cli("service", "start", "deliver")
    postfix.start()
    # After half a minute at the latest it is asked again.
    eventually(lambda: reply_to(server, SABURO)[0] == 250, "it is asked again once it is back", 60)


@scenario
def run(folder):
    need("postfix")
    users = folder / "users"
    users.write_text("".join(f"{who} x\n" for who in (TARO, JIRO, SABURO)))
    postfix = Postfix(folder / "postfix", settings={"mydestination": "", "relay_domains": f"{INNER}, all.example", "relay_recipient_maps": f"texthash:{users}, inline:{{ @all.example=x }}",
                                                    "smtpd_recipient_restrictions": "reject_unlisted_recipient, static:HOLD"})
    postfix.start()
    try:
        with Server(folder, settings={"rules": {"spf": "off"}, "policy": {"authentication_results": False}}) as server, silent_host() as silent:
            server.start()
            for domain, port in ((INNER, postfix.port), ("all.example", postfix.port), ("silent.example", silent)):
                server.add_domain(domain, "--relay")
                server.cli("route", "add", f"{domain},127.0.0.1,{port}")
            by_list(server)
            by_asking(server, postfix)

            server.cli("domain", "recipients", "mode", "all.example", "ask")
            expect([reply_to(server, f"{name}@all.example")[0] for name in ("a", "b", "c")] == [250] * 3, "a server that takes everybody")
            eventually(lambda: [who for who, _ in asked(server)][2:] == ["a@all.example"], "is asked once", 20)
            expect("takes everybody" in asked(server)[-1][1], "and told of")

            server.cli("domain", "recipients", "mode", "silent.example", "ask")
            server.change_settings(recipients={"ask_time": "40s", "while_away": "defer"})
            ended = []
            waiting = [threading.Thread(target=lambda n=n: ended.append((reply_to(server, f"{n}@silent.example")[0], time.monotonic()))) for n in range(30)]
            for one in waiting:
                one.start()
            expect([reply_to(server, who)[0] for who in (TARO, NOBODY, HANAKO)] == [250, 550, 250], "others do not wait for one that is silent")
            done = time.monotonic()
            for one in waiting:
                one.join()
            expect([code for code, _ in ended] == [450] * 30 and max(at for _, at in ended) > done, f"which answered nobody meanwhile: {ended}")
            expect(reply_to(server, "x@silent.example")[0] == 450, "and nothing is known of its users")
            server.change_settings(recipients={"ask_time": "60s", "while_away": "accept"})
            while_it_is_away(server, postfix)
    finally:
        postfix.stop()
