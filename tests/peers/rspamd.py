"""A real rspamd of Debian's with a configuration of the test's own: one normal worker, the GTUBE patterns, and a rule in Lua."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

from peers.net import free_port, wait_for_port

# In two parts, so that no filter on the way to a developer takes this file away.
GTUBE = "JS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
REJECT, ADD_HEADER, REWRITE_SUBJECT = "X" + GTUBE, "Y" + GTUBE, "Z" + GTUBE

RULES = """
rspamd_config:register_symbol({name = 'TEST_SOFT', type = 'prefilter', callback = function(task)
  local subject = task:get_subject() or ''
  if subject:find('come again') then task:set_pre_result('soft reject', 'Come again, please') end
end})
rspamd_config:register_symbol({name = 'TEST_MILTER', type = 'idempotent', callback = function(task)
  local ip = task:get_ip()
  local rcpts = {}
  for _, one in ipairs(task:get_recipients('smtp') or {}) do rcpts[#rcpts + 1] = one.addr end
  task:set_milter_reply({add_headers = {['X-Asked'] = string.format('ip=%s helo=%s rcpt=%s queue=%s', ip and ip:to_string() or '-', task:get_helo() or '-', table.concat(rcpts, ','), task:get_queue_id() or '-')},
    remove_headers = {['X-Remove-Me'] = 0}})
end})
"""


def installed():
    return shutil.which("rspamd")


class Rspamd:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        (self.folder / "rules.lua").write_text(RULES)
        self.config = self.folder / "rspamd.conf"
        self.config.write_text(f"""
options {{ pidfile = "{self.folder}/rspamd.pid"; filters = ""; control_socket = "{self.folder}/control.sock mode=0600"; url_tld = "/usr/share/rspamd/effective_tld_names.dat"; task_timeout = 20s;
  hs_cache_dir = "{self.folder}"; cache_file = "{self.folder}/symbols.cache"; enable_test_patterns = true; gtube_patterns = "all"; dns {{ nameserver = ["127.0.0.1:{free_port()}"]; timeout = 0.1s; retransmits = 1; }} }}
logging {{ type = "file"; filename = "{self.folder}/rspamd.log"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{self.port}"; count = 1; }}
actions {{ reject = 15; add_header = 6; }}
lua = "{self.folder}/rules.lua";
""")
        self.process = None

    def start(self, seconds=120):
        self.said = open(self.folder / "rspamd.out", "a")
        arguments = [installed(), "-f", "-c", self.config] + (["-i"] if os.getuid() == 0 else [])
        # A group of its own: its worker is a process too.
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said, start_new_session=True)
        try:
            wait_for_port(self.port, seconds=seconds)
        except RuntimeError as problem:
            raise RuntimeError(f"{problem}: " + (self.folder / "rspamd.out").read_text()[-2000:]) from None
        return self

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
