"""Under a Japanese locale the sentences that servers and the directory refuse commands with are Japanese, names and all; under
another they are English, and so is what programs read."""
import os
import subprocess

from harness import DOMAIN, Server, expect, scenario


def told(server, *arguments, locale="ja_JP.UTF-8"):
    run = subprocess.run([server.program, "--config", server.config, *arguments], text=True, capture_output=True, timeout=60, env={**os.environ, "LC_ALL": locale})
    expect(run.returncode != 0, (arguments, run.stdout))
    return run.stderr


@scenario
def run(folder):
    with Server(folder) as server:
        server.start()
        for arguments, japanese, english in (
                (("service", "stop", "nothing"), "「nothing」というサービスはない", "There is no service \"nothing\""),
                (("alias", "remove", f"x@{DOMAIN}"), f"別名 x@{DOMAIN} はない", f"There is no alias x@{DOMAIN}"),
                (("hold", "release", "7"), "保留 7 はない", "There is no hold 7"),
                (("domain", "add", DOMAIN), f"ドメイン {DOMAIN} は既にある", f"There is a domain {DOMAIN} already"),
                (("hold", "add", "--destination", "b.example", "--reason", "x", "--end", "2020-01-01"), "保留", "hold")):
            expect(japanese in told(server, *arguments), (arguments, told(server, *arguments)))
            expect(english in told(server, *arguments, locale="C"), (arguments, told(server, *arguments, locale="C")))
        server.stop()
        expect("で稼働中のサーバはない" in told(server, "status"), told(server, "status"))
