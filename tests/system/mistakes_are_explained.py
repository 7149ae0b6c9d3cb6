"""What an operator mistypes gets one sentence that says what to do, and a second server does not start."""
import json
import shutil
import subprocess

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario


def only_what_there_is(server, said):
    shown = server.cli("status")
    for absent in ("vip", "console"):
        expect(absent not in shown and absent not in server.states(), f"{absent} is not of this version: {shown}")
        words = said("service", "start", absent)
        expect("not part of this version" in words and "[listen]" not in words, f"{absent}: {words}")
    expect("[virusdb]" in said("service", "start", "virusdb"), "what virusdb needs")
    shown, update = server.cli("virusdb", "status"), said("virusdb", "update")
    for words in (shown, update):
        expect("virusdb is not configured" in words and "[virusdb] source_folder" in words and "config reload" in words, f"how to switch it on: {words}")
    told = json.loads(server.cli("virusdb", "status", "--json"))
    expect("too old" not in shown and not told["stale"] and not told["configured"], f"what nobody looks for is not too old: {shown} {told}")
    expect("dkim key add" in said("service", "start", "signer"), "what signer needs")
    expect("[alarm]" in said("service", "start", "watch") and "[metrics]" in said("service", "start", "watch"), "what watch needs")


def one_answer_to_all(server):
    """A mistyped value or word is answered in one line, whatever the command: what is wrong, what the option takes, where its help is; with status 2."""
    for words, told in ((("refusals", "list", "--likely", "x"), '--likely takes a percentage from 0 to 100, without a sign, not "x".'),
                        (("refusals", "list", "--likely", "101"), '--likely takes a percentage from 0 to 100, without a sign, not "101".'),
                        (("refusals", "list", "--since", "soon"), "--since takes how long ago (90m, 2h, 7d), or a time"), (("queue", "history", "--since", "yesterday"), "--since takes how long ago (90m, 2h, 7d), or a time"),
                        (("queue", "history", "--until", "soon"), "--until takes how long ago"), (("log", "lost", "--since", "x"), "--since takes how long ago"), (("account", "contain", TARO, "--since", "x"), "--since takes how long ago"),
                        (("queue", "list", "--limit", "x"), '--limit takes a number from 1 to 1000, not "x".'), (("queue", "destinations", "--limit", "501"), '--limit takes a number from 1 to 500, not "501".'),
                        (("queue", "list", "--older", "x"), "--older takes a length of time"), (("policy", "replay", "--last", "x"), "--last takes a length of time"),
                        (("policy", "subscribe", "white", "https://lists.example/x", "--every", "x"), "--every takes a length of time"), (("queue", "delete", "--larger", "10"), "--larger takes a size"),
                        (("account", "set", TARO, "--quota", "10MB"), "--quota takes a size"), (("account", "rules", "set", TARO, "--recipients", "many"), "--recipients takes a number from 0 to 100000"),
                        (("route", "add", "a.example,b.example", "--row", "0"), "--row takes a number from 1"), (("dkim", "key", "add", DOMAIN, "--bits", "512"), "--bits takes a number from 1024 to 4096"),
                        (("hold", "add", "--all", "--start", "x", "--reason", "x"), "--start takes a time"), (("hold", "add", "--all", "--end", "x", "--reason", "x"), "+3h, or open"),
                        (("service", "stop", "deliver", "--forecast", "--until", "-1d"), "--until takes a time to come"), (("policy", "allow", "192.0.2.1", "--until", "-1d"), "--until takes a time to come"),
                        (("queue", "show", "foo"), "ID takes a trace id"), (("queue", "retry", "--id", "foo"), "--id takes a trace id"), (("queue", "history", "--by", "sneder"), "mailbox, not \"sneder\". Did you mean sender?"),
                        (("queue", "list", "--limt", "5"), "has no option --limt. Did you mean --limit?"), (("queue", "list", "--limit"), "--limit has no value."), (("account", "add"), "ADDRESS is missing."),
                        (("queue", "lst"), 'there is no command "lst". Did you mean "list"?'), (("queue", "list", "extra"), '"extra" is one word too many.'), (("queue",), "no command is given.")):
        done = subprocess.run([server.program, "--config", server.config, *words], capture_output=True, text=True, timeout=60, env={"LANG": "C", "PATH": "/usr/bin:/bin"})
        lines = done.stderr.splitlines()
        expect(done.returncode == 2 and not done.stdout and len(lines) == 1, f"{words}: {done}")
        expect(lines[0].startswith("hikyaku: ") and told in lines[0] and " Remedy: hikyaku " in lines[0] and lines[0].endswith(" --help"), f"{words}: {lines}")


def values_are_judged(server, said):
    for option, value, possible in (("--day", "foo", "2026-11-25"), ("--since", "yesterday", "90m, 2h, 7d"), ("--until", "2026-02-30", "90m, 2h, 7d"), ("--lines", "x", "1000000"),
                                    ("--lines", "-1", "1000000"), ("--lines", "0", "1000000"), ("--service", "foo", "deliver"), ("--message", "foo", "26"),
                                    ("--log", "foo", "outlog"), ("--as", "foo", "epost")):
        words = said("log", f"{option}={value}")
        expect(option in words and possible in words and "no command" not in words, f"{option} {value}: {words}")
    for option, value in (("--days", "x"), ("--days", "0"), ("--days", "4000")):
        expect(option in said("log", "days", option, value), f"log days {option} {value}")
    expect("--day" in said("log", "residence", "--day", "foo"), "log residence --day foo")
    one_answer_to_all(server)
    expect("no command" not in said("log", "--log", "foo"), "a value is no command")
    for words, option, near in ((("log", "--mesage", "B" + "0" * 26), "--mesage", "--message"), (("log", "--nosuch", "x"), "--nosuch", ""), (("log", "--nosuch=x"), "--nosuch", ""),
                                (("log", "--lines", "3", "--folow"), "--folow", "--follow"), (("queue", "lst", "--nosuch"), "", "list"), (("queue", "--nosuch", "list"), "--nosuch", "")):
        told = said(*words)
        expect(("has no option" in told and option in told) if option else "no command" in told, f"an option is no command: {words}: {told}")
        expect("no command" not in told or not option, f"{words}: {told}")
        expect(near in told and ("Did you mean" in told) == bool(near), f"its near name: {words}: {told}")
    words = said("service", "stop", "deliver", "--helpless")
    expect("hikyaku service stop --help" in words, f"the whole command line: {words}")
    expect("hikyaku service --help" in said("service", "xyzzyx"), "the group's help")
    expect("--yes" in said("account", "remove", TARO), "how to remove without a terminal")
    words = said("account", "add", "x@missing.example")
    expect("no domain missing.example" in words and "password" not in words.lower(), f"the domain comes first: {words}")
    expect("MiB" in said("account", "set", TARO, "--quota", "10MB"), "the units are named")


def what_is_wrong_is_named(server, said):
    expect("nope" in said("service", "stop", "nope") and "service list" in said("service", "stop", "nope"), "a service that is none")
    for verb in ("start", "stop", "restart"):
        expect('Did you mean "deliver"' in said("service", verb, "dleiver"), f"{verb}: a service's near name")
    expect("--to is missing" in said("policy", "test", "--client", "192.0.2.7") and "--client is missing" in said("policy", "test", "--to", TARO), "what is missing")
    expect("no domain nodomain.example" in said("account", "list", "nodomain.example") and TARO in server.cli("account", "list", DOMAIN.upper()), "a domain that is not there")
    words = said("account", "remove", f"ghost@{DOMAIN}")
    expect(f"no account ghost@{DOMAIN}" in words and "--yes" not in words, f"first whether it is there: {words}")
    expect("no account" in said("account", "remove", f"ghost@{DOMAIN}", "--dry-run"), "with --dry-run too")
    for verb in ("allow", "deny"):
        words = said("refusals", verb, "192.0.2.0/24", "foo")
        expect('"foo" is neither an address nor a network nor a domain' in words and "192.0.2.0/24" in words, f"refusals {verb}: what is expected: {words}")
    expect("192.0.2.0/24" not in server.cli("policy", "list") and "allowed" in server.cli("refusals", "allow", "mail.a.example"), "nothing of it was taken")
    expect("Remedy" in said("trace", "B" + "0" * 26), "a message that nobody knows")
    words = said("config", "describe", "relay_network_s")
    expect('"relay_network_s"' in words and 'Did you mean "relay_networks"' in words, f"a setting's near name: {words}")
    expect('"nonsense"' in said("config", "describe", "nonsense", "--json"), "a setting that is none")
    found = json.loads(server.cli("config", "describe", "relay_net", "--json"))
    expect([one["name"] for one in found] == ["relay_networks"], f"only what was asked for: {found}")
    expect(len(json.loads(server.cli("config", "describe", "--json"))) > 100, "all of them")


def dangers_need_no_data_folder(server, folder):
    file = folder / "open.toml"
    file.write_text(f"[node]\ndata = \"{folder / 'not-there'}\"\n[smtp]\nrelay_networks = [\"0.0.0.0/0\"]\n")
    # The last --config counts: a wrapper may have given one before.
    for words in (("--config", file, "config", "check"), ("config", "check", "--config", file), ("config", "check", file)):
        done = subprocess.run([server.program, "--config", server.config, *words], capture_output=True, text=True, timeout=60, env={"LANG": "C", "PATH": "/usr/bin:/bin"})
        expect(done.returncode == 0 and "open relay" in done.stdout, f"{words}: {done}")
    expect("open relay" not in server.cli("config", "check"), "the server's own")


def completion_is_sound(server, folder):
    for shell in ("bash", "zsh", "fish"):
        script = server.cli("completion", shell)
        expect("residence" in script and "destinations" in script, f"{shell} knows the commands")
        (folder / shell).write_text(script)
        if shutil.which(shell):
            subprocess.run([shell, "-n", folder / shell], check=True, timeout=60)

    def offered(*words):
        line = " ".join(f"'{word}'" for word in words)
        ask = f". {folder / 'bash'}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _hikyaku; echo ${{COMPREPLY[@]}}"
        return subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, timeout=60).stdout.split()

    expect(offered("hikyaku", "log", "") >= ["days", "residence"] and "--follow" in offered("hikyaku", "log", ""), "a group that is a command")
    expect("--days" in offered("hikyaku", "log", "days", "--") and "--follow" not in offered("hikyaku", "log", "days", "--"), "one of its commands")
    expect("deliver" in offered("hikyaku", "service", "stop", "d") and "vip" not in offered("hikyaku", "service", "stop", ""), "its choices")
    expect("set" in offered("hikyaku", "account", "forward", ""), "a group in a group")
    for config in (("--config", "/etc/x.toml"), ("--config", "=", "/etc/x.toml"), ("--json", "--config", "/etc/x.toml")):
        expect("deliver" in offered("hikyaku", *config, "service", "stop", "d") and "queue" in offered("hikyaku", *config, ""), f"after {config}")
        expect("--limit" in offered("hikyaku", "queue", *config, "list", "--"), f"{config} in between")
    for config in (("--config",), ("--config", "=")):
        expect(offered("hikyaku", *config, f"{folder}/ba") == [f"{folder}/bash"], f"a file after {config}")


def targets_that_lead_nowhere(server):
    nobody = f"nobody@{DOMAIN}"
    expect(nobody in server.cli("alias", "add", f"info@{DOMAIN}", nobody), "an alias")
    expect("no mail" in server.cli("account", "forward", "set", TARO, nobody, HANAKO), "a forward")
    expect("no mail" not in server.cli("account", "forward", "set", TARO, HANAKO, "x@elsewhere.example"), "a good forward")
    server.cli("list", "add", f"all@{DOMAIN}")
    expect("no mail" in server.cli("list", "member", "add", f"all@{DOMAIN}", nobody), "a member")
    expect("no mail" not in server.cli("list", "member", "add", f"all@{DOMAIN}", HANAKO), "a good member")


def an_address_that_is_not_there(server):
    """`why` of an address says first that nobody has it, and answers for its domain after that."""
    ghost, unused = f"ghost@{DOMAIN}", f"*@open.example"
    first = server.cli("why", ghost).splitlines()[0]
    expect(f"no account, alias or list {ghost}" in first and f"account add {ghost}" in first, f"why {ghost}: {first}")
    told = json.loads(server.cli("why", ghost, "--json"))
    expect(told["address"] == ghost and told["suggestions"][0]["advice"] == "recipient" and told["domain"] == DOMAIN, f"as JSON: {told}")
    server.cli("domain", "add", "open.example"), server.cli("alias", "add", unused, HANAKO)
    expect("leads to nobody" in server.cli("why", f"info@{DOMAIN}").splitlines()[0], "an alias without a target that is there")
    for known in (TARO, f"all@{DOMAIN}", f"postmaster@{DOMAIN}", "whoever@open.example", DOMAIN):
        expect("no account" not in server.cli("why", known), f"why {known}")
    server.cli("account", "set", HANAKO, "--enabled", "no")
    expect("disabled" in server.cli("why", HANAKO).splitlines()[0], "a disabled account")
    server.cli("account", "set", HANAKO, "--enabled", "yes")


def every_form_of_a_command(server, said):
    version = subprocess.run([server.program, "--version"], capture_output=True, text=True, check=True).stdout
    expect(version.startswith("Hikyaku ") and version.split()[1][0].isdigit(), version)
    first, second, third = (json.loads(server.cli(*words)) for words in (("--json", "domain", "list"), ("domain", "--json", "list"), ("domain", "list", "--json")))
    expect(first and first == second == third, f"--json anywhere: {first} {second} {third}")
    expect(json.loads(server.cli("account", "show", TARO, "--json"))["address"] == TARO and HANAKO in server.cli("account", "show", TARO), "account show")
    expect("There is no account" in said("account", "show", f"nobody@{DOMAIN}"), "an account that is not there")
    trace = "B" + "0" * 26
    for verb in ("retry", "bounce", "delete"):
        positional, named = (server.cli("queue", verb, *words, "--dry-run", "--json") for words in ((trace,), ("--id", trace)))
        expect(positional == named and json.loads(named)["recipients"] == 0, f"queue {verb}: {positional} {named}")
        expect("two trace ids" in said("queue", verb, trace, "--id", trace), f"queue {verb} twice")
    for words in ((trace,), ("--id", trace)):
        expect("no recipient of this message" in said("queue", "show", *words), "queue show")


def own_forms_are_no_json(server):
    """What has a form of its own says so under --json, wherever that stands, and with status 2."""
    for words, other in ((("metrics",), ""), (("completion", "bash"), ""), (("account", "export"), "account list"), (("alias", "export"), "alias list"),
                         (("domain", "export"), "domain list"), (("route", "export"), "route list"), (("policy", "export"), "policy list"),
                         (("policy", "content", "export"), "policy content list"), (("account", "forward", "export"), ""), (("log", "--as", "epost"), ""),
                         (("config", "describe", "--markdown"), "")):
        for given in (("--json", *words), (*words, "--json")):
            done = subprocess.run([server.program, "--config", server.config, *given], capture_output=True, text=True, timeout=60, env={"LANG": "C", "PATH": "/usr/bin:/bin"})
            expect(done.returncode == 2 and not done.stdout and "--json" in done.stderr and "Remedy" in done.stderr, f"{given}: {done}")
            if other:
                expect(f"hikyaku {other} --json" in done.stderr, f"{given} names what has it: {done.stderr}")
                json.loads(server.cli(*other.split(), "--json"))
        expect(words[0] in ("log", "config") or "--json" not in server.cli(*words, "--help"), f"{words}: its help does not offer it")


def waiting_settings_are_named(server):
    server.change_settings(smtp={"recipients": 150})
    expect(server.cli("config", "reload").strip() == "the settings are in force", "nothing waits")
    server.change_settings(spool={"memory": "48MiB"})
    words = server.cli("config", "reload")
    expect("[spool] memory: hikyaku service restart receive" in words and "hikyaku service restart imap" not in words, f"what waits: {words}")
    server.cli("service", "restart", "receive"), server.cli("service", "restart", "deliver")
    expect("memory" not in server.cli("config", "reload"), "after the restart nothing waits")
    metrics = server.folder / "metrics.prom"
    server.change_settings(metrics={"file": str(metrics)})
    eventually(lambda: server.states().get("watch") == "running", "a reload configures a service")


def mistakes_in_the_settings_stop_no_command(server):
    good = server.config.read_text()
    for wrong in (good + "[smpt]\nx = 1\n", good.replace("recipients = 150", 'recipients = "many"'), "no TOML\n" + good):
        server.config.write_text(wrong)
        for words in (("status",), ("queue", "count"), ("account", "list"), ("log",), ("service", "restart", "deliver")):
            done = subprocess.run([server.program, "--config", server.config, *words], capture_output=True, text=True, timeout=60, env={"LANG": "C", "PATH": "/usr/bin:/bin"})
            expect(done.returncode == 0 and len(done.stderr.splitlines()) == 1 and "config check" in done.stderr, f"{words}: {done.returncode} {done.stderr}")
        done = subprocess.run([server.program, "--config", server.config, "config", "check"], capture_output=True, text=True, timeout=60)
        expect(done.returncode == 1, "the check still fails")
    server.config.write_text(good)
    expect("receive" in server.cli("status"), "mended")


@scenario
def run(folder):
    with Server(folder).start() as server:
        def said(*arguments, config=None):
            done = subprocess.run([server.program, "--config", config or server.config, *arguments], capture_output=True, text=True, timeout=60,
                                  env={"LANG": "C", "PATH": "/usr/bin:/bin"})
            expect(done.returncode != 0, f"{arguments} fails")
            return done.stderr

        expect('did you mean "deliver"' in said("service", "stop", "dleiver").lower() or "no such service" in said("service", "stop", "dleiver"), "a wrong service")
        expect('Did you mean "status"' in said("statsu"), "a wrong command")
        only_what_there_is(server, said)
        values_are_judged(server, said)
        what_is_wrong_is_named(server, said)
        dangers_need_no_data_folder(server, folder)
        completion_is_sound(server, folder)
        targets_that_lead_nowhere(server)
        an_address_that_is_not_there(server)
        every_form_of_a_command(server, said)
        own_forms_are_no_json(server)
        waiting_settings_are_named(server)
        mistakes_in_the_settings_stop_no_command(server)
        for _ in range(5):
            words = said("serve")
            expect("another server already runs" in words, f"a second server: {words}")
        wrong = folder / "wrong.toml"
        wrong.write_text("[smtp]\nrecipient = 5\n")
        words = said("serve", config=wrong)
        expect("wrong.toml:2" in words and 'did you mean "recipients"' in words, f"a wrong setting: {words}")
        expect("cannot be read" in said("serve", config=folder / "missing.toml"), "a missing file")
