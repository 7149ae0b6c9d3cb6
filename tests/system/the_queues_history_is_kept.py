"""What waited when: a sample of the queue by destination, sender and class is taken again and again and shown by `queue history`,
also while deliver is stopped and after kill -9; damaged lines are passed over; arrivals are counted for the hour they came in,
also when delivery was stopped then; forecasts for a hold and for a stop of deliver follow from months of history."""
import ctypes
import datetime
import json
import pathlib
import smtplib

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

LOCAL = ("127.0.0.5", 0)
ALIAS = "flower@" + HANAKO.partition("@")[2]
XXHASH = ctypes.CDLL("libxxhash.so.0")  # the library the server itself stands on
XXHASH.XXH3_64bits.restype = ctypes.c_uint64


def mail(server, number, to, sender=HANAKO):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=LOCAL) as client:
        client.sendmail(sender, [f"r{number}@{to}"], f"Subject: number {number}\r\n\r\nHello {number}\r\n")


def history(server, *arguments):
    return json.loads(server.cli("queue", "history", "--json", *arguments))


def newest(answer, of, name=""):
    """The last point of a series, or nothing."""
    for series in answer["series"]:
        if (series["of"], series["name"]) == (of, name):
            return series["points"][-1]
    return None


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "history": {"sample_interval": "1s"}, "delivery": {"retry_interval": "1h"}}
    with Server(folder, settings=settings) as server, NextHop() as dead:
        began = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
        server.start()
        dead.stop()
        server.cli("route", "add", f"dead.example,127.0.0.1,{dead.port}")
        samples_tell_what_waits(server, dead, began)
        history_outlives_deliver(server)
        arrivals_are_counted(server, began.replace(" ", "T"))
        forecasts_follow(server)


def samples_tell_what_waits(server, dead, began):
    for number in range(3):
        mail(server, number, "dead.example")
    eventually(lambda: (newest(history(server), "domains") or {}).get("count") == 3, "three recipients in the history", 60)
    # A sample that is taken while they come may know their number and not their names.
    for by, of, name in (("destination", "domains", f"host:127.0.0.1:{dead.port}"), ("sender", "domains", HANAKO), ("class", "domains", "connection-refused"),
                         ("sender", "holding", HANAKO)):
        point = eventually(lambda by=by, of=of, name=name: (found := newest(history(server, "--by", by, "--of", of), of, name)) and found["count"] == 3 and found, f"{of} by {by}", 30)
        expect(point["octets"] > 0, point)
    eventually(lambda: newest(history(server), "holding")["oldest_seconds"] >= 2, "the age grows", 60)
    text = server.cli("queue", "history")
    first_row = text.splitlines()[1][:16]
    expect(first_row >= began, f"no row is of a time before the server began at {began}: {text}")
    expect("DOMAINS" in text and ("▁" in text or "█" in text), text)
    expect(f"host:127.0.0.1:{dead.port}" in server.cli("queue", "history", "--by", "destination"), "the table names the destination")


def history_outlives_deliver(server):
    server.cli("service", "stop", "deliver")
    expect(newest(history(server), "domains")["count"] == 3, "told while deliver is stopped")
    file = next((pathlib.Path(server.data) / "history/minutes").glob("*.tsv"))
    with file.open("ab") as out:
        out.write(b"1795305600\tdomains\ttotal\t\t999999\t1\t1\t00000000\nrubbish\n\xff\xfe\x00\n17953")
    found = history(server)
    expect(found["damaged_lines"] == 4 and newest(found, "domains")["count"] == 3, "damaged lines are passed over")
    server.cli("service", "start", "deliver")
    mail(server, 4, "dead.example")
    eventually(lambda: newest(history(server), "domains")["count"] == 4, "sampled again, on a line of its own", 60)
    expect(history(server)["damaged_lines"] == 4, "the torn line has cost itself alone")


def arrivals_are_counted(server, server_began):
    """Four came while deliver ran, two while it was stopped: six in all, once each, over two more restarts."""
    def arrived_so_far():
        told = history(server, "--of", "arrivals")
        return "arrivals_until" in told and sum(point["count"] for series in told["series"] for point in series["points"])

    eventually(lambda: arrived_so_far() == 4, "the running hour is told while it runs", 60)
    row = next(line for line in reversed(server.cli("queue", "history").splitlines()) if line.startswith("20"))
    expect(row[18:34] <= datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), f"as far as it is counted: {row}")
    server.cli("service", "stop", "deliver")
    mail(server, 5, "dead.example")
    mail(server, 6, "other.example")
    server.cli("service", "start", "deliver")
    eventually(lambda: newest(history(server), "domains")["count"] >= 5, "both were read", 60)
    for _ in range(2):
        server.cli("service", "stop", "deliver")
        server.cli("service", "start", "deliver")
    server.cli("service", "stop", "deliver")
    arrived = history(server, "--of", "arrivals")
    total = sum(point["count"] for series in arrived["series"] for point in series["points"])
    expect(total == 6, arrived)
    expect(all(server_began <= point["at"] for series in arrived["series"] for point in series["points"]), f"nothing arrived before {server_began}: {arrived}")
    expect(all(series["step_seconds"] == 3600 for series in arrived["series"]), f"an hour's arrivals are of that hour, not of its first minutes: {arrived}")
    text = server.cli("queue", "history").splitlines()
    expect("ARRIVED" not in text[0] and sum("UNTIL" in line and "ARRIVED" in line for line in text) == 1, f"the table says from when until when they came: {text}")
    by_domain = history(server, "--of", "arrivals", "--by", "destination")
    expect(sum(point["count"] for series in by_domain["series"] if series["name"] == "dead.example" for point in series["points"]) == 5, by_domain)


def forecasts_follow(server):
    """Eight weeks of 600 messages an hour on weekdays and 60 at weekends, a third of them for the dead destination."""
    folder = pathlib.Path(server.data) / "history"
    for file in (folder / "hours").glob("*.tsv"):
        file.unlink()
    now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    lines = {}
    for back in range(1, 24 * 56 + 1):
        hour = now - datetime.timedelta(hours=back)
        count = 60 if hour.weekday() >= 5 else 600
        for by, name, share in (("total", "", 1), ("destination", "dead.example", 1 / 3), ("destination", "a.example", 2 / 3), ("account", HANAKO, 1 / 6),
                                ("account", "other@a.example", 1 / 6), ("mailbox", HANAKO, 1 / 4), ("mailbox", ALIAS, 1 / 12), ("mailbox", "other@a.example", 1 / 3)):
            lines.setdefault(hour.date().isoformat(), []).append((int(hour.timestamp()), by, name, int(count * share)))
    for day, points in lines.items():
        (folder / "hours" / f"{day}.tsv").write_text("".join(line(*point) for point in points))
    (folder / "arrivals-known-until").write_text(f"{int(now.timestamp())}\n")
    end = now + datetime.timedelta(days=2)
    truth = sum(60 if (now + datetime.timedelta(hours=h)).weekday() >= 5 else 600 for h in range(48))
    passed = (datetime.datetime.now(datetime.timezone.utc) - now).total_seconds() / 3600
    truth -= passed * (60 if now.weekday() >= 5 else 600)
    until = end.astimezone().strftime("%Y-%m-%d %H:%M")
    told = json.loads(server.cli("service", "stop", "deliver", "--until", until, "--forecast", "--json"))["forecast"]
    expect(abs(told["messages"] - truth) <= 0.15 * truth and told["basis"] == "weekly", (told, truth))
    told = json.loads(server.cli("hold", "add", "--destination", "dead.example", "--end", until, "--reason", "x", "--forecast", "--json"))["forecast"]
    expect(abs(told["messages"] - truth / 3) <= 0.05 * truth, (told, truth))
    by_route = json.loads(server.cli("hold", "add", "--route", "127.0.0.1", "--end", until, "--reason", "x", "--forecast", "--json"))["forecast"]
    expect(by_route["messages"] == told["messages"], "the route's domains are found through the table")
    server.cli("alias", "add", ALIAS, HANAKO)
    of_account = json.loads(server.cli("hold", "add", "--account", HANAKO, "--end", until, "--reason", "x", "--forecast", "--json"))["forecast"]
    expect(abs(of_account["messages"] - truth / 2) <= 0.05 * truth, ("what it sends, and what is for it by its address or an alias", of_account, truth))
    elsewhere = json.loads(server.cli("hold", "add", "--destination", "nobody.example", "--end", until, "--reason", "x", "--forecast", "--json"))["forecast"]
    expect(elsewhere["messages"] == 0, elsewhere)
    expect(json.loads(server.cli("hold", "list", "--json"))["holds"] == [], "a forecast changes nothing")
    expect("Disk:" in server.cli("hold", "add", "--all", "--end", until, "--reason", "x", "--forecast"), "told in words")


def checksum(octets):
    return XXHASH.XXH3_64bits(octets, ctypes.c_size_t(len(octets)))


def line(at, by, name, count):
    text = f"{at}\tarrivals\t{by}\t{name}\t{count}\t{count * 40000}\t0"
    return f"{text}\t{checksum(text.encode()) & 0xFFFFFFFF:08x}\n"
