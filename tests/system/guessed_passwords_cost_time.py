"""Wrong passwords by IMAP, POP3 and SMTP (curl, swaks) from one address: soon it has to wait, and whoever else is there is told so as a
temporary failure. The owner goes on logging in from where he usually does; the penalties are listed and lifted, and networks can be exempt."""
import itertools
import json
import subprocess

from harness import PASSWORD, TARO, Server, eventually, expect, need, scenario

ATTACKER, OWNER = "127.0.5.5", "127.0.9.9"
guesses = itertools.count()


def imap(server, address, password, user=TARO):
    done = subprocess.run(["curl", "--silent", "--insecure", "--max-time", "60", "--interface", address, "--user", f"{user}:{password}", f"imaps://127.0.0.1:{server.imaps_port}/"], capture_output=True)
    return done.returncode == 0


def pop3(server, address, password):
    done = subprocess.run(["curl", "--silent", "--insecure", "--max-time", "60", "--interface", address, "--user", f"{TARO}:{password}", f"pop3s://127.0.0.1:{server.pop3s_port}/"], capture_output=True)
    return done.returncode == 0


def smtp(server, address, password):
    done = subprocess.run(["swaks", "--timeout", "60", "--local-interface", address, "--server", f"127.0.0.1:{server.submissions_port}", "-tlsc", "-a", "PLAIN", "-au", TARO, "-ap", password,
                           "-f", TARO, "-t", TARO, "--quit-after", "AUTH"], capture_output=True, text=True)
    return done.returncode == 0


def penalties(server):
    return {row["who"]: row for row in json.loads(server.cli("login", "penalties", "list", "--json"))}


def is_refused_without_a_look(server):
    """One more guess; whether the log says that it was not even looked at."""
    for way in (imap, pop3, smtp):
        expect(not way(server, ATTACKER, f"guess {next(guesses)}"), "a guess")
    reasons = [event.get("reason", "") for log in ("receivelog", "imap4log", "pop3log") for event in server.events(log)]
    return any("Too many failed logins" in reason for reason in reasons)


@scenario
def run(folder):
    need("curl"), need("swaks")
    with Server(folder, settings={"auth": {"slow_failures": True, "remember": "0s"}, "policy": {"exempt_networks": []}}).start() as server:
        expect(penalties(server) == {}, "nobody at first")
        expect(imap(server, OWNER, PASSWORD), "the owner, from where he is at home")
        eventually(lambda: is_refused_without_a_look(server), "the attacker is refused", 120)
        rows = penalties(server)
        expect(ATTACKER in rows and rows[ATTACKER]["of"] == "address" and rows[ATTACKER]["failures"] >= 4, f"{rows}")
        expect("127.0.0.1" not in rows and not any(OWNER in who for who in rows), f"nobody else: {rows}")
        for way in (imap, pop3, smtp):
            expect(way(server, OWNER, PASSWORD), f"the owner is not locked out: {way.__name__}")
        expect("Nobody" not in server.cli("login", "penalties", "list"), "for people")
        # Lifted: by address, with the networks it lies in, and the account apart.
        expect(json.loads(server.cli("login", "penalties", "lift", ATTACKER, TARO, "--json"))["lifted"] >= 1, "lifted")
        expect(not penalties(server).get(ATTACKER), "forgotten")
        expect(imap(server, ATTACKER, PASSWORD), "who comes from there now is let in")
        lifted = eventually(lambda: [event for event in server.events("servicelog") if event["event"] == "login.lifted"], "its end too", 20)
        expect(lifted and all(event.get("by") for event in lifted), f"who lifted it is told: {lifted}")
        server.cli("login", "penalties", "lift", check=False)
        server.cli("login", "penalties", "lift", "--all", check=False)
        # Exempt, live.
        server.change_settings(policy={"exempt_networks": ["127.0.5.0/24"]})
        for _ in range(8):
            expect(not imap(server, ATTACKER, f"guess {next(guesses)}", "nobody@a.example"), "wrong all the same")
        expect(not penalties(server).get(ATTACKER), "and not counted")
