"""With receive stopped its ports refuse, and what was accepted before is still delivered."""
from harness import Server, expect, scenario


@scenario
def run(folder):
    with Server(folder).start() as server:
        server.cli("service", "stop", "deliver")
        for i in range(5):
            server.send(subject=f"kept {i}", sender="stranger@b.example")
        server.cli("service", "stop", "receive")
        for port in (server.smtp_port, server.submission_port, server.submissions_port, server.lmtp_port):
            expect(server.refuses(port), f"port {port} refuses")
        server.cli("service", "start", "deliver")
        server.wait_for_subjects([f"kept {i}" for i in range(5)])
        server.cli("service", "start", "receive")
        server.send(subject="open again", sender="stranger@b.example")
        server.wait_for_subjects(["open again"])
