"""With deliver stopped mail is accepted and kept; it is delivered when deliver starts again. E-Post's names work."""
from harness import Server, expect, scenario


@scenario
def run(folder):
    with Server(folder).start() as server:
        server.cli("service", "stop", "EPSTDS")
        expect(server.states()["deliver"] == "stopped", "deliver is stopped")
        for i in range(20):
            server.send(subject=f"kept {i}", sender="stranger@b.example")
        expect(server.subjects() == [], "nothing is delivered yet")
        server.cli("service", "start", "epstdd")
        server.wait_for_subjects([f"kept {i}" for i in range(20)])
        expect(len(server.subjects()) == 20, "each once")
