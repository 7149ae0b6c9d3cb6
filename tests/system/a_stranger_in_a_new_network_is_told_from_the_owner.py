"""Two accounts are known for a month and send the same sudden newsletter. The one that sends from where it always was is let through and told of in the
log; the other one's comes from a network where it never was: it is suspended before the first message of it is taken."""
from harness import HANAKO, TARO, Server, eventually, expect, scenario

MONTH = 30 * 24 * 3600


def aged(line, home):
    """One account's habits, as if it had been here for a month, always in that network."""
    words = line.split(" ")
    words[1] = str(int(words[1]) - MONTH)
    at = words.index("n")
    words[at + 1], words[at + 2], words[at + 4] = home, str(int(words[at + 2]) - MONTH), "0"
    return " ".join(words)


def let_a_month_pass(server):
    server.stop()
    file = server.data / "logins" / "habits"
    lines = sorted(file.read_text().splitlines(), key=lambda line: int(line.split(" ")[0]))  # in the order the accounts were made
    expect(len(lines) == 2 and all(" n 127.0.0.0/24 " in line for line in lines), f"{lines}")
    file.write_text("".join(aged(line, home) + "\n" for line, home in zip(lines, ("192.0.2.0/24", "127.0.0.0/24"))))
    server.start()


@scenario
def run(folder):
    settings = {"abuse": {"recipients": 6, "times_usual": 1, "refused": 1000}, "policy": {"exempt_networks": []}}
    with Server(folder, settings=settings) as server:
        server.start()
        for account in (TARO, HANAKO):
            expect(server.submit(account, [HANAKO])[0] == 250, "ordinary mail, from anywhere, of a new account")
        let_a_month_pass(server)
        news = [f"reader{n}@elsewhere.example" for n in range(8)]
        server.cli("hold", "add", "--destination", "elsewhere.example", "--reason", "nobody is to get it")
        expect(server.submit(HANAKO, news)[0] == 250, "the owner, from home")
        expect(server.submit(TARO, news)[0] == 550, "somebody else")
        told = eventually(lambda: [event for event in server.events("servicelog") if event["event"] == "account.suspended"], "told of", 60)
        expect([event["account"] for event in told] == [TARO] and "new for it (127.0.0.0/16)" in told[0]["reason"], f"{told}")
        unusual = [event["account"] for event in server.events("servicelog") if event["event"] == "account.unusual"]
        expect(unusual == [HANAKO], f"{unusual}")
        expect(server.submit(HANAKO, [HANAKO])[0] == 250 and server.submit(TARO, [HANAKO])[0] == 550, "one may go on, one may not")
