"""Metrics of all services: by command, over HTTP in both text forms, and in a file for the textfile collector; read by the parsers of
Prometheus' own client library and by promtool, where they are installed. Bad requests are refused, and a slow client holds nobody up."""
import contextlib
import http.client
import re
import shutil
import socket
import subprocess

from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.net import free_port

BAD = (b"GET /other HTTP/1.1\r\n\r\n", b"POST /metrics HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n", b"\x16\x03\x01\x00\xa5\r\n\r\n", b"GET /metrics HTTP/1.1\r\nbroken\r\n\r\n")
PROCESSES = ("receive", "deliver", "auth", "imap-front", "imap-store", "pop3-front", "pop3-store", "watch")


def fetch(port, accept=None):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", "/metrics", headers={"Accept": accept} if accept else {})
    answer = client.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read().decode()


def raw(port, octets):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(octets)
            return b"".join(iter(lambda: line.recv(4096), b""))
        return b""


def value(text, sample):
    found = re.search("^" + re.escape(sample) + r" (\S+)$", text, re.M)
    return float(found[1]) if found else None


@scenario
def run(folder):
    port = free_port()
    shown = folder / "collector"
    shown.mkdir()
    shown.chmod(0o777)
    settings = {"listen": {"metrics": [f"127.0.0.1:{port}"]}, "metrics": {"file": str(shown / "hikyaku.prom")}, "history": {"sample_interval": "1s"}}
    with Server(folder, settings=settings) as server:
        server.start()
        with server.smtp() as client:
            client.sendmail(TARO, [HANAKO], "Subject: x\r\n\r\nHello\r\n")
        accepted = 'hikyaku_events_total{process="receive",event="mail.accepted"}'
        eventually(lambda: value(server.cli("metrics"), accepted) == 1, "the mail is counted", 60)
        eventually(lambda: value(server.cli("metrics"), 'hikyaku_queue_entries{place="domains"}') == 0, "the queue is sampled", 60)
        tells = "each process tells of itself"  # At times of its own: some have done so before the mail came, some after.
        eventually(lambda: all(value(server.cli("metrics"), f'hikyaku_process_up{{process="{process}"}}') == 1 for process in PROCESSES), tells, 60)
        text = server.cli("metrics")
        expect(text.rstrip().endswith("# EOF"), "OpenMetrics ends so")
        for process in PROCESSES:
            expect(value(text, f'hikyaku_process_resident_memory_bytes{{process="{process}"}}') > 1e6, process)
        expect(value(text, 'hikyaku_event_bytes_total{process="receive",event="mail.accepted"}') > 10, "octets are counted")
        expect(value(text, "hikyaku_disk_free_bytes") > 0, text)
        over_http(port)
        read_by_others(server, port, shown)
        server.cli("service", "stop", "receive")
        eventually(lambda: value(server.cli("metrics"), 'hikyaku_process_up{process="receive"}') == 0, "a stopped service is shown as down", 30)


def over_http(port):
    status, kind, text = fetch(port)
    expect(status == 200 and kind.startswith("text/plain; version=0.0.4") and "# EOF" not in text, (status, kind))
    status, kind, text = fetch(port, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    expect(status == 200 and kind.startswith("application/openmetrics-text") and text.endswith("# EOF\n"), (status, kind))
    slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(10)]
    for octets in BAD:
        expect(re.match(rb"HTTP/1.1 4\d\d ", raw(port, octets)), octets)
    expect(raw(port, b"GET /metrics HTTP/1.1\r\n" + b"x: y\r\n" * 10_000) == b"", "an endless head is cut off")
    expect(fetch(port)[0] == 200, "others are answered meanwhile")
    for line in slow:
        line.close()


def asked_of_debians_python(program, text):
    return subprocess.run(["/usr/bin/python3", "-c", program], input=text, capture_output=True, text=True)


def read_by_others(server, port, shown):
    classic = fetch(port)[2]
    written = lambda: (shown / "hikyaku.prom").exists() and (shown / "hikyaku.prom").read_text()  # noqa: E731
    eventually(lambda: value(written() or "", 'hikyaku_process_up{process="deliver"}') == 1, "the textfile collector's file tells of deliver", 60)
    file = written()
    if asked_of_debians_python("import prometheus_client", "").returncode != 0:
        print("python3-prometheus-client is not installed: its parsers were not asked")
    else:
        for module, text in (("openmetrics.parser", server.cli("metrics").strip() + "\n"), ("parser", classic)):
            asked = asked_of_debians_python(f"import sys; from prometheus_client.{module} import text_string_to_metric_families as read\n"
                                            "print(*[family.name for family in read(sys.stdin.read())])", text)
            expect(asked.returncode == 0, asked.stderr)
            expect({"hikyaku_events", "hikyaku_queue_entries", "hikyaku_process_cpu_seconds"} <= set(asked.stdout.split()), asked.stdout)
    promtool = shutil.which("promtool")
    if not promtool:
        print("promtool is not installed: it was not asked")
        return
    for text in (classic, server.cli("metrics", "--prometheus"), file):
        asked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
        expect(asked.returncode == 0, asked.stdout + asked.stderr)
