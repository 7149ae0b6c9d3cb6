"""The next hops of the benchmarks: one smtp_peer process with a port for each kind of host."""
import json
import subprocess
import threading

import compare
from peers import net


class SmtpPeers:
    """`ports` by kind (bench/load/smtp_peer.cc); `counts`: its newest report; `arrived`: {id of X-Fresh: nanoseconds}."""

    def __init__(self, *kinds, ports=None, options=()):
        self.ports = ports or {kind: net.free_port() for kind in kinds}
        arguments = [*map(str, options)] + [text for kind, port in self.ports.items() for text in (f"--{kind}", str(port))]
        self.process = subprocess.Popen([str(compare.BUILD / "bench/smtp_peer"), *arguments], stdout=subprocess.PIPE, text=True)
        self.counts, self.arrived = {}, {}
        threading.Thread(target=self._read, daemon=True).start()
        for kind, port in self.ports.items():
            if kind != "silent":
                net.wait_for_port(port)

    def _read(self):
        for line in self.process.stdout:
            told = json.loads(line)
            if "fresh" in told:
                self.arrived[told["fresh"]] = told["at"]
            else:
                self.counts = told

    def stop(self):
        self.process.terminate()
        self.process.wait()
