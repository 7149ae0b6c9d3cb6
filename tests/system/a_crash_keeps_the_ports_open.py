"""After kill -9 the ports stay open: a client that connects in between waits for the successor and is served."""
import os
import signal
import smtplib

from harness import Server, eventually, expect, scenario


@scenario
def run(folder):
    with Server(folder).start() as server:
        for round_number in range(3):
            old = server.pids("receive")["receive"]
            os.kill(old, signal.SIGKILL)
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
                expect(client.noop()[0] == 250, "the successor answers")
            new = eventually(lambda: server.pids("receive").get("receive"), "a successor")
            expect(new != old, "another process")
        server.send(subject="after three crashes", sender="stranger@b.example")
        server.wait_for_subjects(["after three crashes"])
        receive = next(s for s in server.status()["services"] if s["name"] == "receive")
        expect(receive["processes"][0]["restarts"] == 3 and "signal 9" in receive["processes"][0]["last_problem"], f"status tells it: {receive}")
        eventually(lambda: any(e["event"] == "service.died" and e["about"] == "receive" for e in server.events("servicelog")), "so does the log")
