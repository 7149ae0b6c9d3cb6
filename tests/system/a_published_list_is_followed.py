"""A published list is followed by https: shown before first use, refreshed by deliver, its small changes taken, a large one kept waiting until a person accepts it; an error
page, a list of another kind and a server that is away change nothing; its rows go with it."""
import json

import _namespaces

_namespaces.enter("net")

from harness import Server, eventually, expect, need, scenario  # noqa: E402
from peers.certificates import Authority  # noqa: E402
from peers.https_host import HttpsHost  # noqa: E402
from peers.name_server import NameServer  # noqa: E402

URL = "https://lists.example/white.txt"


def rows(server, source="white"):
    return sorted(row["pattern"] for row in json.loads(server.cli("policy", "list", "--json")) if row["source"] == source)


def state(server):
    return next(one for one in json.loads(server.cli("policy", "subscriptions", "--json")) if one["name"] == "white")


def text(first, last):
    return "# of honest servers\n" + "".join(f"mail{n}.a.example\n" for n in range(first, last))


def due(server):
    """As if the last look had been yesterday."""
    path = server.data / "subscriptions/white.state"
    path.write_text("\n".join(line.split("\t")[0] + "\t1" if line.startswith(("tried", "fetched")) else line for line in path.read_text().splitlines()) + "\n")


def refreshed(server, what):
    due(server)
    server.cli("service", "restart", "deliver")
    eventually(lambda: state(server)["tried"] > "2000", what, 120)


@scenario
def run(folder):
    for program in ("nsd", "openssl"):
        need(program)
    authority = Authority(folder / "tls")
    with NameServer(folder / "dns", "lists.example. A 127.0.2.1") as dns, HttpsHost("127.0.2.1", 443, *authority.issue("r", ["lists.example"])) as web:
        web.pages["lists.example", "/white.txt"] = (200, "text/plain", text(0, 50))
        with Server(folder, settings={"delivery": {"resolvers": [dns.address], "authorities_file": str(authority.file)}}) as server:
            server.start()
            shown = server.cli("policy", "subscribe", "white", URL)
            expect("+ allow mail0.a.example" in shown and "added 50" in shown and "--yes" in shown and rows(server) == [], f"first a look: {shown}")
            for bad in (("white", "http://lists.example/"), ("operator", URL), ("white", URL, "--every", "1m"), ("white", "https://nowhere.example/x", "--yes"), ("../x", URL)):
                server.cli("policy", "subscribe", *bad, check=False)
                expect(rows(server) == [], f"{bad}")
            server.cli("policy", "unsubscribe", "white", check=False)
            server.cli("policy", "subscribe", "white", URL, "--yes")
            expect(len(rows(server)) == 50 and state(server)["rows"] == 50 and not state(server)["waits"], "followed")
            server.cli("policy", "allow", "mail1.a.example")
            web.pages["lists.example", "/white.txt"] = (200, "text/plain", text(3, 52))
            refreshed(server, "deliver looks")
            eventually(lambda: "mail51.a.example" in rows(server) and "mail0.a.example" not in rows(server), "a small change is taken", 120)
            eventually(lambda: [e["reason"] for e in server.events("servicelog") if e["event"] == "subscription.changed"] == ["2 added, 3 removed"], "and told", 20)
            for page, why in (((200, "text/plain", text(30, 90)), "would add"), ((200, "text/plain", ""), "would add 0 rows and remove 49 rows"), ((200, "text/html", "<html>\n<body>\n<p>not found</p>\n</body>\n</html>\n"), "is that the list"),
                              ((503, "text/plain", "busy"), "503"), ((302, "text/plain", ""), "302")):
                web.pages["lists.example", "/white.txt"] = page
                refreshed(server, "deliver looks again")
                eventually(lambda: why in state(server)["waits"], f"it waits: {why}", 120)
                expect(len(rows(server)) == 49, "and nothing changes")
            web.pages["lists.example", "/white.txt"] = (200, "text/plain", text(30, 90) + "spam.example REJECT\n")
            server.cli("policy", "refresh", "white", check=False)
            expect(len(rows(server)) == 49, "not unasked")
            server.cli("policy", "refresh", "white", "--accept")
            expect(len(rows(server)) == 60 and "spam.example" not in rows(server), "accepted, but for what is of another kind")
            server.cli("policy", "unsubscribe", "white")
            expect(rows(server) == [] and rows(server, "operator") == ["mail1.a.example"], "its rows go with it, and no others")
            expect(json.loads(server.cli("policy", "subscriptions", "--json")) == [], "nothing is followed")
