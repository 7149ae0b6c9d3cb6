"""`service stop deliver` shows first how much waits in incoming, holding and domains and how old it is, as a table or in JSON;
--when-empty waits until nothing does, and giving up stops nothing."""
import json
import signal
import smtplib
import subprocess

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop


def mail(server, number):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"r{number}@far.example"], f"Subject: number {number}\r\n\r\n" + "Hello\r\n" * 200)


def counts(server):
    return json.loads(server.cli("queue", "count", "--json"))


def begin(server, *options):
    # Whoever runs this in the background may have it ignore SIGINT, and children inherit that.
    usual = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen([server.program, "--config", server.config, "service", "stop", "deliver", "--when-empty", *options],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=usual)


def shows_what_waits(server):
    expect(counts(server)["holding"]["oldest"], "since when the oldest of holding is there")
    lines = {line.split()[0]: line.split() for line in server.cli("service", "stop", "deliver").splitlines() if line.strip()}
    expect(lines["incoming"][1] == "0" and lines["incoming"][-1] == "-", f"{lines}")
    expect(lines["holding"][1] == "3" and int(lines["holding"][2]) > 3000 and lines["holding"][-1] != "-", f"messages, octets and age: {lines}")
    expect(lines["domains"][1] == "3" and lines["domains"][-1] != "-", f"{lines}")
    expect("stopped" in lines["deliver:"], f"{lines}")
    expect(server.states()["deliver"] == "stopped", "and then it is stopped")
    mail(server, 3)
    eventually(lambda: counts(server)["incoming"]["messages"] == 1, "what comes in meanwhile is counted")
    expect(counts(server)["incoming"]["oldest"] and counts(server)["incoming"]["octets"] > 1000, f"{counts(server)}")
    server.cli("service", "start", "deliver")
    eventually(lambda: counts(server)["domains"]["recipients"] == 4, "four wait for their retry")
    told = json.loads(server.cli("service", "stop", "deliver", "--json"))
    expect(told["service"] == "deliver" and told["state"] == "stopped", f"{told}")
    queue = told["queue"]
    expect(queue["incoming"]["messages"] == 0 and queue["holding"]["messages"] == 4 and queue["domains"]["recipients"] == 4, f"{told}")
    expect(queue["holding"]["octets"] > 4000 and queue["holding"]["oldest"] <= queue["domains"]["oldest"], f"accepted first, failed then: {told}")
    server.cli("service", "start", "deliver")


def giving_up_stops_nothing(server):
    waiting = begin(server)
    shown = ""
    while "Waiting until" not in shown:
        line = waiting.stdout.readline()
        expect(line, f"it ended: {shown}")
        shown += line
    expect("holding" in shown, f"the figures come first: {shown}")
    expect(waiting.poll() is None and server.states()["deliver"] == "running", "it waits, and deliver works on")
    waiting.send_signal(signal.SIGINT)
    expect(waiting.wait(30) != 0, "given up")
    expect(server.states()["deliver"] == "running", "nothing was stopped")


def waits_until_it_is_empty(server, hop):
    waiting = begin(server, "--json")
    hop.takes_mail = True
    expect(counts(server)["holding"]["messages"] == 4 and waiting.poll() is None and server.states()["deliver"] == "running", "as long as mail waits")
    server.cli("queue", "retry", "--all")
    told = waiting.communicate(timeout=120)[0]
    expect(sorted(hop.recipients) == [f"r{n}@far.example" for n in range(4)], f"each once, before the stop: {hop.recipients}")
    expect(waiting.returncode == 0 and json.loads(told)["state"] == "stopped" and json.loads(told)["queue"]["holding"]["messages"] in (0, 4), f"{told}")
    expect(server.states()["deliver"] == "stopped", "stopped at last")
    left = counts(server)
    expect(left["incoming"]["messages"] == left["holding"]["messages"] == left["domains"]["recipients"] == 0, f"{left}")
    expect("oldest" not in left["holding"], f"nothing, and no age: {left}")
    server.cli("service", "start", "deliver")
    expect(server.cli("service", "stop", "receive", "--when-empty", check=False) == "" and not server.refuses(server.smtp_port), "no other service has a queue: nothing is stopped")
    for action in (("retry",), ("delete", "--yes"), ("bounce", "--yes"), ("hold", "--reason", "x"), ("release",)):
        told = server.cli("queue", *action, "--domain", "nowhere.example")
        expect(told.startswith("Nothing in the queue matches"), f"{action}: {told}")
    expect("stopped" in server.cli("service", "stop", "deliver", "--when-empty"), "an empty queue is not waited for")


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "1h", "retry_growth": "constant"}}
    with Server(folder, settings=settings) as server:
        server.start()
        # Its port stays its own: one that was only closed could become another's meanwhile.
        hop = NextHop(answer=lambda verb, line, session: None if hop.takes_mail else "421 4.3.2 not now" if verb == "CONNECT" else None)
        hop.takes_mail = False
        hop.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        for number in range(3):
            mail(server, number)
        eventually(lambda: counts(server)["domains"]["recipients"] == 3 and counts(server)["holding"]["messages"] == 3, "three wait for their retry")
        shows_what_waits(server)
        giving_up_stops_nothing(server)
        waits_until_it_is_empty(server, hop)
        hop.stop()
