"""Reads the sentences that servers, the directory and the commands themselves refuse with, out of the sources, and fails on one
that apps/cli/language/server_sentences.cc has no Japanese for, or on a row there that nobody says any more.

A sentence is the string literals of one expression with {} for what stands between them."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Who answers commands, and by what.
SOURCES = {
    "services/directory/editor.cc": ("refuse", "return"), "services/directory/editor_aliases.cc": ("refuse", "return"),
    "services/directory/editor_forwards.cc": ("refuse", "return"), "services/directory/editor_holds.cc": ("refuse", "return"),
    "services/directory/editor_suspension.cc": ("refuse", "reason"),
    "services/directory/access.cc": ("failure", "return"), "services/directory/access_import.cc": ("failure", "bad row"), "services/directory/editor_access.cc": ("refuse",), "services/directory/content.cc": ("failure",), "services/directory/content_store.cc": ("refuse",),
    "services/directory/editor_lists.cc": ("refuse", "return"), "services/directory/editor_dkim.cc": ("refuse",), "services/directory/editor_recipients.cc": ("refuse",), "services/directory/editor_rules.cc": ("refuse", "failure"), "services/directory/account_rules.cc": ("failure", "bad row"), "services/directory/relay_recipients.cc": ("failure", "bad row"), "services/directory/login_secrets.cc": ("refuse",),
    "services/directory/hold.cc": ("failure", "return"), "apps/supervisor/control_commands.cc": ("answer",),
    "apps/supervisor/control_socket.cc": ("failure",), "apps/deliver/queue_server.cc": ("refusal",), "services/delivery/queue_answer.cc": ("refusal",),
    "services/delivery/held_work.cc": ("return",), "apps/supervisor/service_table.cc": ("return",), "apps/supervisor/life_sign.cc": ("return",), "apps/supervisor/parent.cc": ("given up",),
    "services/directory/routes.cc": ("failure",), "services/directory/gateway_text.cc": ("bad row",), "services/directory/import_export.cc": ("failure", "bad row"),
    **{str(path.relative_to(ROOT)): ("refuse", "fail") for path in sorted((ROOT / "apps/cli").rglob("*.cc")) if not path.name.endswith("_test.cc")},
    "apps/cli/policy/content_import.cc": ("refuse", "fail", "bad row"), "apps/cli/access/directory_import.cc": ("refuse", "fail", "bad row"),
    "services/filters/mail_dat.cc": ("failure", "remark"), "services/filters/mail_dat_text.cc": ("bad row",), "services/filters/pass_filter.cc": ("bad row",),
}
BEGINNINGS = {
    "refuse": re.compile(r"\brefuse\((?:(?:directory::)?DirectoryFailure::\w+|there \?[^,]*),"),
    "failure": re.compile(r"\bfailure\("),
    "answer": re.compile(r"\{false,"),
    "refusal": re.compile(r"QueueRefusal\{"),
    "given up": re.compile(r"\bgive_up_control\((?=\")"),
    "reason": re.compile(r"\.reason = (?=\")"),
    "bad row": re.compile(r"\bbad\.push_back\(\{line,"),
    "remark": re.compile(r"\b(?:meaning\.(?:remark|shadow)|remarks\.push_back)\("),
    "fail": re.compile(r"\bcall_?\.fail\((?!Words)"),
    "return": re.compile(r"\breturn (?=[^;]*\")"),
}
TABLE = ROOT / "apps/cli/language/server_sentences.cc"
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}


def unescaped(text):
    return re.sub(r'\\.', lambda match: ESCAPES[match.group()], text)


def expression(text, begin):
    """From `begin` to the comma, semicolon or bracket that ends it."""
    depth, at = 0, begin
    while at < len(text):
        literal = LITERAL.match(text, at)
        if literal:
            at = literal.end()
            continue
        char = text[at]
        if depth == 0 and char in ",;)}":
            break
        depth += (char in "({[") - (char in ")}]")
        at += 1
    return text[begin:at]


def parts(text):
    """Split at the + that stand in no brackets."""
    found, depth, begin, at = [], 0, 0, 0
    while at < len(text):
        literal = LITERAL.match(text, at)
        if literal:
            at = literal.end()
            continue
        depth += (text[at] in "({[") - (text[at] in ")}]")
        if text[at] == "+" and depth == 0:
            found.append(text[begin:at])
            begin = at + 1
        at += 1
    return [part.strip() for part in [*found, text[begin:]]]


def sentence(text):
    """Nothing when it has no words of its own."""
    text = text.strip()
    while (wrapped := re.match(r"(?:std::string|Problem)\((?=\")", text)) and expression(text, wrapped.end()) + ")" == text[wrapped.end():]:
        text = text[wrapped.end():-1].strip()
    out = ""
    for part in parts(text):
        if (wrapped := re.match(r"std::string\((?=\")", part)) and part.endswith(")"):
            part = part[wrapped.end():-1].strip()
        literals = LITERAL.findall(part)
        whole = literals and re.fullmatch(r'(?:"(?:[^"\\]|\\.)*"\s*)+', part)
        out += "".join(map(unescaped, literals)) if whole else "{}"
    out = re.sub(r"(\{\})+", "{}", out)
    return out if " " in out.replace("{}", "") and re.search(r"[a-z]{2}", out) else None


def said():
    for name, kinds in SOURCES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        code = re.sub(r"(?m)(^|\s)//[^\n]*", "", text)
        for kind in kinds:
            for match in BEGINNINGS[kind].finditer(code):
                found = sentence(expression(code, match.end()))
                if found:
                    yield name, found


def table():
    rows = re.findall(r'^\s*\{("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*")\},$', TABLE.read_text(encoding="utf-8"), re.M)
    return {unescaped(english[1:-1]): unescaped(japanese[1:-1]) for english, japanese in rows}


def complaints():
    rows, used = table(), set()
    for name, text in said():
        used.add(text)
        if text not in rows:
            yield f"{name}: no Japanese for: {text}"
    for english, japanese in rows.items():
        if english not in used:
            yield f"{TABLE.name}: nobody says any more: {english}"
        numbers = sorted(set(re.findall(r"\{(\d)\}", japanese)))
        if any(int(number) > english.count("{}") for number in numbers) or not re.search(r"[ぁ-んァ-ヶ一-龠]", japanese):
            yield f"{TABLE.name}: the Japanese does not fit: {english}"


def main():
    if sys.argv[1:] == ["--list"]:
        for _, text in said():
            print(text)
        return 0
    found = list(dict.fromkeys(complaints()))
    print("\n".join(found) or "every sentence is translated")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
