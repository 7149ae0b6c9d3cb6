"""Under a Japanese locale the command line's help, its headings and what it says of a wrong use are Japanese, for every command
there is; under another they are English, and JSON is the same in both."""
import os
import re
import subprocess

from harness import DOMAIN, TARO, Server, eventually, expect, scenario
from peers.hikyaku import ROOT

# Words the parser's library would say.
LABELS = re.compile(r"\b(Usage|Options|OPTIONS|Positionals|Subcommands?|SUBCOMMANDS?|REQUIRED|TEXT)\b")
LIBRARY = re.compile(r"\b(expected|required|requires|excludes|received|missing|not in)\b")
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
# Four words in a row that are neither a command to type nor names.
ENGLISH = re.compile(r"\b[a-z]{2,}(?: [a-z]{2,}){3,}\b")
TO_TYPE = re.compile(r"hikyaku(?: -?-?[a-z-]+)+")
WRONG_USES = (
    (), ("nosuch",), ("stauts",), ("service",), ("service", "stpo"), ("service", "stop"), ("service", "stop", "deliver", "imap"), ("status", "--nosuch"),
    ("status", "--nosuch", "--more"), ("status", "--config"), ("queue", "list", "--limit"), ("queue", "list", "--limit", "1", "--limit", "2"),
    ("queue", "list", "--limit", "x"), ("queue", "list", "--after", "x"), ("queue", "history", "--by", "nothing"), ("queue", "list", "--class", "nothing"),
    ("queue", "list", "--older", "x"), ("refusals", "list", "--likely", "x"), ("log", "--since", "x"), ("queue", "list", "--larger", "x"), ("service", "stop", "deliver", "--forecast", "--until", "x"), ("queue", "show", "x"), ("account", "add"), ("account", "add", "x"), ("account", "show", f"nobody@{DOMAIN}"),
    ("account", "set", f"nobody@{DOMAIN}", "--quota", "1GiB"), ("account", "forward", "show", "x"), ("list", "show", f"nothing@{DOMAIN}"), ("list", "add", f"x@{DOMAIN}", "--posting", "all"),
    ("domain", "add", "x", "--relay", "--pass-unknown"), ("domain", "import", "/nonexistent/file"), ("alias", "import", "/"), ("route", "add", "x"), ("hold", "add", "--all", "--start", "x", "--reason", "x"),
    ("service", "stop", "nope"), ("service", "start", "dleiver"), ("queue", "history", "--since", "yesterday"), ("policy", "test"), ("policy", "test", "--client", "192.0.2.7"), ("config", "describe", "nonsense"),
    ("config", "describe", "hostnmae", "--json"), ("account", "list", "nodomain.example"), ("account", "remove", f"ghost@{DOMAIN}"), ("trace", "B" + "0" * 26),
    ("hold", "show", "x"), ("why", "x y"), ("why", DOMAIN, "--address", "x"), ("status", "--json=perhaps"), ("metrics", "--json"), ("domain", "export", "--json"), ("log", "--as", "epost", "--json"), ("--config", "/nonexistent/file", "status"), ("--config", "/", "status"))


def run_in(server, locale, *arguments):
    return subprocess.run([server.program, *arguments], text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
                          env={**os.environ, "LC_ALL": locale, "HIKYAKU_CONFIG": str(server.config)})


def commands_below(server, path=()):
    """Every command and group, as the English help names them."""
    yield path
    _, found, rows = run_in(server, "C", *path, "--help").stdout.partition("\nSubcommands:\n")
    for row in rows.splitlines() if found else ():
        if match := re.match(r"  ([a-z-]+)(?: |$)", row):
            yield from commands_below(server, (*path, match[1]))


def help_is_japanese(server):
    commands = list(commands_below(server))
    expect(len(commands) > 90, f"commands found: {commands}")
    for command in commands:
        text = run_in(server, "ja_JP.UTF-8", *command, "--help").stdout
        expect(not LABELS.search(text), (command, LABELS.search(text), text))
        expect("使い方: " in text and "オプション:\n" in text, (command, text))
        for line in text.splitlines():
            if line.strip():
                expect(JAPANESE.search(line), (command, line))
            expect(not ENGLISH.search(TO_TYPE.sub("", line)), (command, line))
    english = run_in(server, "C", "service", "stop", "--help").stdout
    expect("Usage: hikyaku service stop [OPTIONS] SERVICE" in english and not JAPANESE.search(english), english)


def wrong_uses_are_told_in_japanese(server):
    for arguments in WRONG_USES:
        japanese, english = run_in(server, "ja_JP.UTF-8", *arguments), run_in(server, "C", *arguments)
        expect(japanese.returncode == english.returncode != 0, (arguments, japanese, english))
        for line in japanese.stderr.splitlines():
            expect(JAPANESE.search(line) and not LIBRARY.search(line) and not ENGLISH.search(TO_TYPE.sub("", line)), (arguments, line))
        expect(english.stderr and not JAPANESE.search(english.stderr), (arguments, english.stderr))


def a_server_that_does_not_start_says_so_in_japanese(server):
    """Whoever types `hikyaku serve`; the logs stay English."""
    bad = server.folder / "bad.toml"
    bad.write_text("[smpt]\nx = 1\n")
    for arguments, japanese, english in ((("--config", "/nonexistent/file", "serve"), "設定ファイルを読めない", "cannot be read"),
                                         (("--config", str(bad), "serve"), "[smpt] というセクションはない", "there is no section [smpt]"),
                                         (("--config", str(server.config), "serve"), "別のサーバがすでに動いている", "another server already runs")):
        told = [run_in(server, locale, *arguments) for locale in ("ja_JP.UTF-8", "C")]
        expect(told[0].returncode == told[1].returncode != 0, (arguments, told))
        expect(japanese in told[0].stderr and english in told[1].stderr, (arguments, told))


def another_charset_is_spoken_to_in_english(server):
    """What is printed is UTF-8: a terminal of EUC-JP or Shift_JIS would show it as rubbish."""
    for locale in ("ja_JP.eucJP", "ja_JP.SJIS"):
        for arguments in (("--help",), ("service", "list"), ("statsu",)):
            told = run_in(server, locale, *arguments)
            expect((told.stdout + told.stderr).isascii(), f"{locale} {arguments}: {told}")
        told = subprocess.run([ROOT / "run", "--nope"], text=True, capture_output=True, timeout=60, env={**os.environ, "LC_ALL": locale})
        expect("./run does not know" in told.stderr and told.stderr.isascii(), f"./run too: {told}")


def headings_are_there(server):
    server.cli("alias", "add", f"info@{DOMAIN}", TARO, "nobody@b.example")
    server.cli("account", "forward", "set", TARO, "x@b.example")
    server.cli("list", "add", f"staff@{DOMAIN}")
    server.cli("route", "add", "b.example,127.0.0.1,9")
    server.cli("hold", "add", "--destination", "c.example", "--reason", "x")
    for command, english, japanese in (
            (("domain", "list"), "DOMAIN", "ドメイン"), (("account", "list"), "ADDRESS", "アドレス"), (("alias", "list"), "ALIAS", "別名"),
            (("list", "list"), "LIST", "リスト"), (("route", "list"), "ROW", "行"), (("account", "forward", "show"), "ACCOUNT", "アカウント"),
            (("hold", "list"), "ID", "番号"), (("queue", "list"), "ID", "追跡 ID"), (("queue", "count"), "QUEUE", "キュー"), (("queue", "destinations"), "DESTINATION", "配送先"),
            (("queue", "shape"), "DESTINATION", "配送先"), (("service", "list"), "SERVICE", "サービス"), (("log", "days"), "DAY", "日"), (("log", "residence"), "HOUR", "時"),
            (("tls", "counts"), "DAY (UTC)", "日付(UTC)")):
        told = {locale: run_in(server, locale, *command).stdout.splitlines() for locale in ("C", "ja_JP.UTF-8")}
        expect(told["C"][0].startswith(english), (command, told))
        expect(told["ja_JP.UTF-8"][0].startswith(japanese) and len(told["C"]) == len(told["ja_JP.UTF-8"]), (command, told))
        words = told["C"][0].split("  ")[0]
        expect(f'"{words}"' not in run_in(server, "C", *command, "--json").stdout, (command, "a heading in JSON"))
    one = [run_in(server, locale, "account", "list", "--json").stdout for locale in ("C", "ja_JP.UTF-8")]
    expect(one[0] == one[1] and one[0].startswith("["), one)


@scenario
def run(folder):
    with Server(folder) as server:
        server.start()
        help_is_japanese(server)
        wrong_uses_are_told_in_japanese(server)
        another_charset_is_spoken_to_in_english(server)
        a_server_that_does_not_start_says_so_in_japanese(server)
        eventually(lambda: run_in(server, "C", "queue", "count").returncode == 0, "deliver answers")
        headings_are_there(server)
