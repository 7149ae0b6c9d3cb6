"""Postfix with what its users put in front of it: policyd-spf, postgrey, opendkim and opendmarc, from Debian's packages, each with a
configuration of our own in one folder. In a network namespace whose port 53 is the benchmark's name server (resolv.conf says so)."""
import json
import os
import pathlib
import shutil
import subprocess

from peers import cpu, net
from peers.postfix import Postfix

NAME = "postfix.example"
S25R = """\
/^unknown$/ REJECT s25r
/^[^.]*[0-9][^0-9.]+[0-9].*\\./ REJECT s25r
/^[^.]*[0-9]{5}/ REJECT s25r
/^([^.]+\\.)?[0-9][^.]*\\.[^.]+\\..+\\.[a-z]/ REJECT s25r
/^[^.]*[0-9]\\.[^.]*[0-9]-[0-9]/ REJECT s25r
/^[^.]*[0-9]\\.[^.]*[0-9]\\.[^.]+\\..+\\./ REJECT s25r
/^(dhcp|dialup|ppp|[achrsvx]?dsl)[^.]*[0-9]/ REJECT s25r
"""
PROGRAMS = ("opendkim", "opendmarc", "postgrey", "policyd-spf")


def missing():
    """The packages' programs that are not here."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return [name for name in PROGRAMS if not shutil.which(name, path=path)]


class PostfixGate:
    def __init__(self, folder, resolver, domain, dnsbl):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.folder.parent.chmod(0o755)
        self.folder.chmod(0o755)
        self.ports = {name: net.free_port() for name in ("opendkim", "opendmarc", "postgrey")}
        self._write(resolver)
        spf = f"policyd-spf unix - n n - 0 spawn user=policyd-spf argv=/usr/bin/policyd-spf {self.folder}/policyd-spf.conf\n"
        after = ["check_policy_service unix:private/policyd-spf", f"check_policy_service inet:127.0.0.1:{self.ports['postgrey']}"]
        self.postfix = Postfix(self.folder / "postfix", services=spf, settings={
            "myhostname": NAME, "mynetworks": "127.0.0.1/32", "relay_domains": domain, "relay_recipient_maps": "static:ok",
            "smtpd_peername_lookup": "yes", "smtp_host_lookup": "dns", "smtpd_client_message_rate_limit": "1000000",
            "policyd-spf_time_limit": "3600", "smtpd_helo_required": "yes",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            "smtpd_recipient_restrictions": ", ".join(["reject_unauth_destination", "reject_unknown_client_hostname", f"check_client_access regexp:{self.folder}/s25r",
                                                        "reject_unknown_sender_domain", f"reject_rbl_client {dnsbl}", *after, "check_client_access static:HOLD", "permit"]),
            "smtpd_milters": f"inet:127.0.0.1:{self.ports['opendkim']}, inet:127.0.0.1:{self.ports['opendmarc']}", "milter_default_action": "tempfail"})
        self.port = self.postfix.port
        self.processes = {}

    def _write(self, resolver):
        (self.folder / "s25r").write_text(S25R)
        (self.folder / "policyd-spf.conf").write_text("debugLevel = 0\nHELO_reject = Fail\nMail_From_reject = Fail\nPermError_reject = False\nTempError_Defer = False\n"
                                                      f"skip_addresses = 127.0.0.0/8\nHeader_Type = AR\nAuthserv_Id = {NAME}\n")
        (self.folder / "opendkim.conf").write_text(f"Mode v\nSocket inet:{self.ports['opendkim']}@127.0.0.1\nNameservers {resolver}\nAuthservID {NAME}\n"
                                                   "AlwaysAddARHeader yes\nSyslog no\nBackground no\nUserID opendkim\n")
        (self.folder / "opendmarc.conf").write_text(f"Socket inet:{self.ports['opendmarc']}@127.0.0.1\nAuthservID {NAME}\nTrustedAuthservIDs {NAME}\n"
                                                    "RejectFailures true\nSyslog false\nBackground false\nUserID opendmarc\n")
        greylist = self.folder / "postgrey"
        greylist.mkdir()
        shutil.chown(greylist, "postgrey", "postgrey")

    def start(self):
        path = os.environ.get("PATH", "") + ":/usr/sbin"
        commands = {"opendkim": ["opendkim", "-f", "-x", f"{self.folder}/opendkim.conf"],
                    "opendmarc": ["opendmarc", "-f", "-c", f"{self.folder}/opendmarc.conf"],
                    "postgrey": ["postgrey", f"--inet=127.0.0.1:{self.ports['postgrey']}", f"--dbdir={self.folder}/postgrey", "--delay=1"]}
        for name, command in commands.items():
            said = open(self.folder / f"{name}.out", "w")
            self.processes[name] = subprocess.Popen([shutil.which(command[0], path=path), *command[1:]], stdout=said, stderr=said)
        for name, port in self.ports.items():
            try:
                net.wait_for_port(port)
            except RuntimeError:
                raise RuntimeError(f"{name} did not start: " + (self.folder / f"{name}.out").read_text()[-2000:]) from None
        self.postfix.start()
        return self

    def cpu_seconds(self):
        return sum(cpu.seconds(pid) for pid in (self.postfix.pid, *(one.pid for one in self.processes.values())))

    def discard_queue(self):
        self.postfix.discard_queue()

    def held_text(self):
        """One message of the hold queue as it stands there."""
        queue = self.postfix.queue_ids()
        name = json.loads(queue[0])["queue_id"]
        return subprocess.run(["postcat", "-c", str(self.postfix.config), "-bh", "-q", name], capture_output=True, text=True, check=True).stdout

    def stop(self):
        if self.postfix.pid:
            self.postfix.stop()
        for one in self.processes.values():
            one.terminate()
        for one in self.processes.values():
            one.wait(20)
