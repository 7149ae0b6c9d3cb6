"""`retry explain` of a recipient, a domain, a host or a destination of the queue shows the rules that delivery would go by: a domain is
planned as mail for its postmaster would be, so that rules for a route ("via:") are shown for the domains that take it."""
import json

from harness import TARO, Server, expect, scenario

RULES = ["via:gw.example * longest=30m", "*.inner.example unanswered period=48h"]


@scenario
def run(folder):
    with Server(folder, settings={"delivery": {"retry_rules": RULES}}) as server:
        server.start()
        server.cli("route", "add", "far.example,gw.example,2525")

        def explained(where):
            told = json.loads(server.cli("retry", "explain", where, "--json"))
            return told["destination"], {one["class"]: one["rows"] for one in told["classes"]}

        for where in ("far.example", "FAR.example", "x@far.example"):
            destination, rows = explained(where)
            expect(destination.startswith("host:gw.example:2525"), f"{where}: {destination}")
            expect(all(RULES[0] in one for one in rows.values()), f"{where}: {rows}")
        expect(explained(destination)[1] == rows, "the destination of the queue says the same")
        expect(f"by the rule {RULES[0]}" in server.cli("retry", "explain", "far.example"), "in words too")
        for where in ("other.example", "x@other.example", "gw.example"):
            destination, rows = explained(where)
            expect(destination == "mx:" + where.removeprefix("x@") and not any(rows.values()), f"{where} takes no route: {destination} {rows}")
        destination, rows = explained("a.inner.example")
        expect(destination == "mx:a.inner.example" and RULES[1] in rows["timeout"] and not rows["policy"], f"{destination} {rows}")
        expect(explained("a.example")[0] == explained(TARO)[0] == "local:a.example", "mail for us goes nowhere")
        expect(not server.cli("retry", "explain", "not a domain", check=False), "of nonsense nothing is explained")
