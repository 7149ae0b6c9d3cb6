"""Two accounts are known for a month, in Japan, and send the same sudden newsletter from where they always do. Into one of them somebody had logged in from
another country: that is told of in the log, and its newsletter is not taken. The database of countries may be replaced while all runs; what cannot
be used is told of, by `config check` too, and the former one stays in force."""
import json
import smtplib

from harness import HANAKO, PASSWORD, TARO, Server, Skip, eventually, expect, scenario
from peers import country_database

MONTH = 30 * 24 * 3600
HOME, ABROAD = "127.0.0.1", "127.9.0.1"


def aged(line):
    """One account's habits, as if it had been here for a month."""
    words = line.split(" ")
    words[1] = str(int(words[1]) - MONTH)
    for at, word in enumerate(words):
        if word in ("n", "c"):
            words[at + 2] = str(int(words[at + 2]) - MONTH)
    return " ".join(words)


def let_a_month_pass(server):
    server.stop()
    file = server.data / "logins" / "habits"
    lines = file.read_text().splitlines()
    expect(len(lines) == 2 and all(" c JP " in line for line in lines), f"{lines}")
    file.write_text("".join(aged(line) + "\n" for line in lines))
    server.start()


def logs_in(server, user, client):
    with smtplib.SMTP_SSL(HOME, server.submissions_port, timeout=60, context=server.context(), source_address=(client, 0)) as session:
        session.login(user, PASSWORD)


def events(server, name):
    return [event for event in server.events("servicelog") if event["event"] == name]


def opened(server, times):
    eventually(lambda: len(events(server, "countries.opened")) == times, "the database is in force", 60)


def sent_from(server, account):
    return [(one["client"], one.get("country")) for one in json.loads(server.cli("account", "contain", account, "--json"))["clients"]]


def a_new_country_makes_the_difference(server):
    logs_in(server, TARO, ABROAD)
    unusual = eventually(lambda: events(server, "account.unusual"), "the login is told of", 60)
    expect([(event["account"], event["client"], event["reason"]) for event in unusual] == [(TARO, ABROAD, "used from new countries (RU)")], f"{unusual}")
    news = [f"reader{n}@elsewhere.example" for n in range(8)]
    server.cli("hold", "add", "--destination", "elsewhere.example", "--reason", "nobody is to get it")
    expect(server.submit(HANAKO, news)[0] == 250, "the owner")
    expect(server.submit(TARO, news)[0] == 550, "whose password somebody abroad has")
    told = eventually(lambda: events(server, "account.suspended"), "told of", 60)
    expect([event["account"] for event in told] == [TARO] and "recipients within an hour" in told[0]["reason"] and
           told[0]["reason"].endswith("; used from new countries (RU)"), f"{told}")
    expect("used from new countries (RU)" in server.cli("account", "show", TARO), "and shown")
    expect(sent_from(server, TARO) == [(HOME, "JP")], "where its mail came from")


def the_database_is_replaced(server, file):
    whole = file.read_bytes()
    file.write_bytes(whole[:len(whole) // 2])  # in place
    refused = eventually(lambda: events(server, "countries.refused"), "told of", 60)
    expect(len(refused) == 1 and refused[0]["reason"].startswith(f"{file} is no database"), f"{refused}")
    said = json.loads(server.cli("config", "check", "--json", check=False))
    expect(not said["good"] and [mistake["what"] for mistake in said["mistakes"]][0].startswith(f"[abuse] country_database: {file} is no database"), f"{said}")
    server.cli("service", "restart", "auth")
    opened(server, 3)
    expect(sent_from(server, TARO) == [(HOME, "JP")], "the former one stays, over restarts too")
    country_database.write_countries(file, {"127.0.0.0/16": "BR"})
    opened(server, 4)
    expect(sent_from(server, TARO) == [(HOME, "BR")], "the new one")
    expect(json.loads(server.cli("config", "check", "--json"))["good"], "nothing is wrong any more")
    numbers = file.with_name("numbers.mmdb")
    country_database.write_numbers(numbers, {"127.0.0.0/8": 64512})
    server.change_settings(abuse={"country_database": str(numbers)})
    refused = eventually(lambda: events(server, "countries.refused")[1:], "told of", 60)
    expect("has no countries, it is of the type Test-ASN" in refused[0]["reason"], f"{refused}")
    server.change_settings(abuse={"country_database": ""})
    eventually(lambda: sent_from(server, TARO) == [(HOME, None)], "countries are not looked at any more", 60)
    expect(server.submit(HANAKO, [HANAKO])[0] == 250, "and all goes on")


@scenario
def run(folder):
    if not country_database.is_there():
        raise Skip("libmaxmind-db-writer-perl is not installed")
    file = folder / "countries.mmdb"
    country_database.write_countries(file, {"127.0.0.0/16": "JP", "127.9.0.0/16": "RU"})
    settings = {"abuse": {"recipients": 6, "times_usual": 1, "refused": 1000, "country_database": str(file)}, "policy": {"exempt_networks": []}}
    with Server(folder, settings=settings) as server:
        server.start()
        opened(server, 1)
        for account in (TARO, HANAKO):
            expect(server.submit(account, [HANAKO])[0] == 250, "ordinary mail of a new account")
        let_a_month_pass(server)
        opened(server, 2)
        a_new_country_makes_the_difference(server)
        the_database_is_replaced(server, file)
