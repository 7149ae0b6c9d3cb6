"""`config check` tells of aliases that get no mail to where they should: lost targets, loops, chains that are too deep; in the
language of the one who asks, as warnings, and of a server that is stopped too. Sound aliases make it say nothing."""
import json
import os
import subprocess

from harness import DOMAIN, HANAKO, TARO, Server, expect, scenario


def warnings(server, locale="C"):
    run = subprocess.run([server.program, "--config", server.config, "config", "check", "--json"], text=True, capture_output=True, timeout=60,
                         env={**os.environ, "LC_ALL": locale})
    expect(run.returncode == 0, run.stderr)
    return [one for one in json.loads(run.stdout)["warnings"] if "alias" in one or "別名" in one]


@scenario
def run(folder):
    with Server(folder) as server:
        server.start()
        server.cli("alias", "add", f"info@{DOMAIN}", HANAKO, "someone@far.example")
        server.cli("alias", "add", TARO, TARO, HANAKO)  # keeps a copy
        expect(warnings(server) == [], "sound aliases")
        server.cli("alias", "add", f"lost@{DOMAIN}", HANAKO, f"nobody@{DOMAIN}")
        server.cli("alias", "add", f"a@{DOMAIN}", f"b@{DOMAIN}", HANAKO)
        told = server.cli("alias", "add", f"b@{DOMAIN}", f"a@{DOMAIN}")
        expect("leads back to itself" in told and f"b@{DOMAIN}" in told and told.count("->") == 2, f"whoever makes a loop is told: {told}")
        told = server.cli("alias", "add", f"round@{DOMAIN}", f"about@{DOMAIN}") + server.cli("alias", "add", f"about@{DOMAIN}", f"round@{DOMAIN}")
        expect(f"round@{DOMAIN} (leads back: a loop)" in told and f"about@{DOMAIN} (no account)" in told, f"a target of a loop gets no mail for that: {told}")
        server.cli("alias", "remove", f"round@{DOMAIN}"), server.cli("alias", "remove", f"about@{DOMAIN}")
        for number in range(11):
            server.cli("alias", "add", f"deep{number:02}@{DOMAIN}", HANAKO if number == 0 else f"deep{number - 1:02}@{DOMAIN}")
        found = warnings(server)
        expect(len(found) == 3, found)
        expect(any(f"lost@{DOMAIN}" in one and f"nobody@{DOMAIN} (no account)" in one for one in found), found)
        expect(any("leads back to itself" in one and f"a@{DOMAIN} -> b@{DOMAIN} -> a@{DOMAIN}" in one for one in found), found)
        expect(any("more than 10 aliases" in one and one.count("->") == 10 for one in found), found)
        server.stop()
        japanese = warnings(server, "ja_JP.UTF-8")
        expect(len(japanese) == 3 and any("自分自身に戻る" in one for one in japanese) and any("アカウントなし" in one for one in japanese), japanese)
