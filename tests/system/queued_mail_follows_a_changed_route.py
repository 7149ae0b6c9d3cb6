"""A changed route table moves what is queued, at once: deferred mail behind a dead gateway leaves by the new row, though its
next try is an hour away; whoever the change does not concern is not tried. Hosts files are read again when they change, also
when another file is put in their place; ours goes before the system's. Local domains need no name server at all."""
import json
import os
import smtplib
import time

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario
from peers import net
from peers.next_hop import NextHop


@scenario
def run(folder):
    (folder / "etc").mkdir(mode=0o755)
    hosts = folder / "etc/hosts"
    hosts.write_text("127.0.0.1 first.hosts.example\n")
    hosts.chmod(0o644)
    server = Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5"]},
                                      "delivery": {"retry_interval": "1h", "retry_growth": "constant", "hosts_file": str(hosts),
                                                   "resolvers": [f"127.0.0.1@{net.free_port()}"]}})
    with server.start(), NextHop() as hop, NextHop(host="127.0.0.2") as other:
        local_mail_needs_no_name_server(server)
        queued_mail_moves(server, hop)
        hosts_are_followed(server, folder, hosts, hop, other)


def send(server, recipients, sender=HANAKO, subject="queued"):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        return client.sendmail(sender, recipients, f"Subject: {subject}\r\n\r\nHello\r\n")


def queue(server):
    listing = json.loads(server.cli("queue", "list", "--json"))
    return listing["items"] if isinstance(listing, dict) else listing


def local_mail_needs_no_name_server(server):
    """No name server answers: forwards inside do not ask for one."""
    server.cli("alias", "add", f"all@{DOMAIN}", HANAKO, TARO)
    server.cli("alias", "add", TARO, TARO, HANAKO)
    for number in range(10):
        send(server, [f"all@{DOMAIN}"], subject=f"inside {number}")
    server.wait_for_subjects([f"inside {n}" for n in range(10)], HANAKO)
    server.wait_for_subjects([f"inside {n}" for n in range(10)], TARO)
    told = eventually(lambda: len(found := [event for event in server.events("outlocallog") if "spent_ms" in event]) >= 20 and found, "twenty copies are in the log")
    expect(not [event for event in told if "dns" in event["spent_ms"]], f"local mail waits for no name server: {told}")
    server.cli("alias", "remove", TARO)


def queued_mail_moves(server, hop):
    dead = net.free_port()
    server.cli("route", "add", f"*.moved.example,127.0.0.1,{dead}")
    server.cli("route", "add", f"stays.example,127.0.0.1,{dead}")
    for number in range(5):
        send(server, [f"u{number}@x.moved.example", f"u{number}@stays.example"])
    tried = lambda: [item for item in queue(server) if "attempts" in item]  # the others' first attempt goes on
    eventually(lambda: len(tried()) >= 10 or None, "ten recipients deferred")
    before = {item["recipient"]: item for item in tried()}
    server.cli("route", "import", "-", input=f"# moved\n*.moved.example,127.0.0.1,{hop.port}\nstays.example,127.0.0.1,{dead}\n")
    eventually(lambda: hop.recipients == [f"u{n}@x.moved.example" for n in range(5)], f"moved mail at the new host: {hop.recipients}", 60)
    eventually(lambda: sorted(item["recipient"] for item in queue(server)) == [f"u{n}@stays.example" for n in range(5)] or None, "the others wait")
    for item in queue(server):
        expect(item["attempts"] == before[item["recipient"]]["attempts"] and item["next_try"] == before[item["recipient"]]["next_try"],
               f"a change is no attempt: {item} {before[item['recipient']]}")
    # The dead row goes altogether: by the new gateway.
    server.cli("route", "gateway", f"127.0.0.1,{hop.port}")
    server.cli("route", "remove", "stays.example")
    eventually(lambda: len(hop.recipients) == 10, "the rest leaves by the gateway", 60)
    eventually(lambda: queue(server) == [], "the queue is empty")
    server.cli("route", "gateway", "--none")


def hosts_are_followed(server, folder, hosts, hop, other):
    """first.hosts.example:PORT is found by the hosts file alone; then that is replaced, then ours goes before it."""
    server.cli("route", "add", f"a.example.net,first.hosts.example,{hop.port}", "--row", "1")
    explained = server.cli("route", "explain", "h1@a.example.net")
    expect("the hosts files have first.hosts.example: 127.0.0.1" in explained, f"explained: {explained}")
    send(server, ["h1@a.example.net"])
    eventually(lambda: "h1@a.example.net" in hop.recipients, "by the hosts file")
    server.cli("route", "add", f"b.example.net,second.hosts.example,{other.port}", "--row", "1")
    replacement = folder / "etc/new"
    replacement.write_text("127.0.0.1 first.hosts.example\n127.0.0.2 second.hosts.example\n")
    replacement.chmod(0o644)
    os.replace(replacement, hosts)
    eventually(lambda: follows(server, "h2@b.example.net", other), "by the replaced hosts file", 60)
    own = folder / "server/data/hosts"
    own.write_text("127.0.0.2 third.hosts.example\n")
    own.chmod(0o644)
    server.cli("route", "add", f"c.example.net,third.hosts.example,{other.port}", "--row", "1")
    eventually(lambda: follows(server, "h3@c.example.net", other), "by our own hosts file", 60)


def follows(server, recipient, hop):
    """One mail more: what came before the file was looked at again waits for an hour."""
    send(server, [recipient])
    time.sleep(3)
    return recipient in hop.recipients
