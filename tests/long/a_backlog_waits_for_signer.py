"""More mail needs a signature than may wait in memory while signer is away: the rest waits in holding, deliver stays small, and when signer is back
all leaves, signed, each once."""
import json
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ("bench", "tests", "tests/system"):
    sys.path.insert(0, str(ROOT / folder))
import compare
from harness import eventually, expect
from peers.hikyaku import Hikyaku
from smtp_peers import SmtpPeers

IN_MEMORY, MAILS = 20_000, 26_000  # most_set_aside in services/delivery/signing.cc


def counts(server):
    return json.loads(server.cli("queue", "count", "--json"))


def main():
    with tempfile.TemporaryDirectory(dir=compare.scratch()) as folder:
        sink = SmtpPeers("accept")
        server = Hikyaku(pathlib.Path(folder) / "hikyaku", listen=("smtp",), settings={"smtp": {"relay_networks": ["127.0.0.0/8"]}}).start()
        try:
            server.cli("route", "add", f"out.example,127.0.0.1,{sink.ports['accept']}")
            server.add_domain("load.example")
            for key in json.loads(server.cli("dkim", "key", "add", "load.example", "--manual", "--json")):
                server.cli("dkim", "key", "activate", "load.example", key["selector"], "--force")
            leaves_when_signer_is_back(server, sink)
        finally:
            server.stop()
            sink.stop()


def leaves_when_signer_is_back(server, sink):
    server.cli("service", "stop", "signer")
    compare.load(server.smtp_port, connections=20, per_connection=50, messages=MAILS, size=400, to="user%d@out.example", recipients=20)
    found = eventually(lambda: (c := counts(server))["holding"]["messages"] >= MAILS - IN_MEMORY and c, "what is too much for memory waits in holding", 120)
    expect(found["incoming"]["messages"] + found["holding"]["messages"] == MAILS, found)
    expect(sink.counts.get("accepted", 0) == 0, f"none leaves without its signature: {sink.counts}")
    server.cli("service", "start", "signer")
    eventually(lambda: counts(server)["incoming"]["messages"] + counts(server)["holding"]["messages"] == 0, "all leave when signer is back", 600)
    eventually(lambda: sink.counts.get("accepted", 0) >= MAILS, f"the next hop has them: {sink.counts}")
    expect(sink.counts["accepted"] == MAILS, f"each once: {sink.counts}")
    expect(not [one for one in server.events("servicelog") if one["event"] == "mail.unsigned"], "all signed")
    print(f"{found['holding']['messages']} of {MAILS} waited in holding; all have left, signed, each once")


main()
