"""strace of receive under load: for every message, the fdatasync of the journal that covers it had returned before the
first octet of its 250 was written to its client."""
import re
import signal
import smtplib
import subprocess
import threading

from harness import HANAKO, Server, Skip, expect, need, scenario

MESSAGES, CLIENTS = 15, 8
CALL = re.compile(r"^(?P<thread>\d+) +(?P<time>[\d.]+) (?P<call>\w+)\((?P<rest>.*)$")
RESUMED = re.compile(r"^(?P<thread>\d+) +(?P<time>[\d.]+) <\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)$")


def calls(path):
    """Every call as (began, ended, name, text): line numbers of the trace, which is in the order of events."""
    open_calls = {}
    for number, line in enumerate(open(path, errors="replace")):
        if found := RESUMED.match(line):
            began, name, text = open_calls.pop(found["thread"], (None, None, None))
            if name == found["call"]:
                yield began, number, name, text + found["rest"]
        elif found := CALL.match(line):
            if found["rest"].rstrip().endswith("<unfinished ...>"):
                open_calls[found["thread"]] = (number, found["call"], found["rest"].rstrip()[:-len("<unfinished ...>")])
            else:
                yield number, number, found["call"], found["rest"]


def send(server, client_number, sent):
    for number in range(MESSAGES):
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as client:
            mark = f"mark-{client_number}-{number}-"
            port = client.sock.getsockname()[1]
            client.sendmail("stranger@b.example", [HANAKO], f"Subject: {mark}\r\n\r\n{'x' * 500}\r\n")
            sent.append((mark, port))


@scenario
def run(folder):
    need("strace")
    trace, sent = folder / "trace", []
    with Server(folder) as server:
        server.start()
        pid = next(iter(server.pids("receive").values()))
        tracer = subprocess.Popen(["strace", "-f", "-yy", "-ttt", "-s", "1000000", "-e", "signal=none", "-e",
                                   "trace=pwritev,pwrite64,pwritev2,write,writev,sendto,sendmsg,fdatasync,fsync,sync_file_range",
                                   "-o", trace, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
        said = tracer.stderr.readline()
        if "attached" not in said:
            raise Skip(f"strace may not attach here: {said.strip()}")
        try:
            threads = [threading.Thread(target=send, args=(server, number, sent)) for number in range(CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(30)
        check(list(calls(trace)), sent)


def check(events, sent):
    expect(len(sent) == MESSAGES * CLIENTS, f"{len(sent)} sent")
    flushes = [(began, ended, descriptor(text)) for began, ended, name, text in events if name in ("fdatasync", "fsync") and text.rstrip().endswith("= 0")]
    written, answered = {}, {}
    for began, ended, name, text in events:
        if name.startswith(("pwrite", "write")) and "/incoming" in descriptor(text):
            for mark in re.findall(r"Subject: (mark-\d+-\d+-)", text):
                written.setdefault(mark, (ended, descriptor(text)))
        elif "TCP:[" in descriptor(text) and re.search(r'"250 2\.0\.0|\\n250 2\.0\.0|"250 2\.6\.0', text):
            peer = re.search(r"->127\.0\.0\.1:(\d+)\]", text)
            if peer:
                answered.setdefault(int(peer[1]), began)
    for mark, port in sent:
        expect(mark in written, f"{mark} was written to the journal")
        expect(port in answered, f"the 250 of {mark} was seen")
        after, journal = written[mark]
        covering = [ended for began, ended, name in flushes if name == journal and began > after and ended < answered[port]]
        expect(covering, f"{mark}: written at {after}, answered at {answered[port]}, no flush of {journal} between")
    print(f"{len(sent)} messages, {len(flushes)} flushes")


def descriptor(text):
    """"7</path>" at the beginning of a call's arguments."""
    found = re.match(r"\d+<([^>]*(?:->[^>]*)?)>", text)
    return found[1] if found else ""
