"""Judges DKIM signatures and ARC chains with Debian's dkimpy, a program of others. From a test:

    verified(text, {"s._domainkey.a.example": "v=DKIM1; ..."})  ->  [("s", "rsa-sha256", True), ...], one for each signature
    chain(text, zone)  ->  ("pass", 2, "...why"), of a chain with two sets; ("none", 0, "...") without one, ("ended", ...) where the newest seal says that it failed

Run by the system's Python, which has dkimpy: reads {"text", "zone"} in JSON, the text in base64."""
import base64
import json
import re
import subprocess
import sys

SYSTEM_PYTHON = "/usr/bin/python3"


def available():
    return subprocess.run([SYSTEM_PYTHON, "-c", "import dkim, nacl"], capture_output=True).returncode == 0


def verified(text, zone):
    return [tuple(one) for one in ask("signatures", text, zone)]


def chain(text, zone):
    return tuple(ask("chain", text, zone))


def ask(what, text, zone):
    question = json.dumps({"what": what, "text": base64.b64encode(text).decode(), "zone": zone})
    run = subprocess.run([SYSTEM_PYTHON, __file__], input=question, capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError("dkimpy: " + run.stderr)
    return json.loads(run.stdout)


def look_up(zone):
    return lambda name, timeout=5: zone.get(bytes(name).decode().rstrip("."), "").encode() or None


def judge_chain(text, zone):
    import dkim
    found, sets, why = dkim.ARC(text, timeout=5).verify(dnsfunc=look_up(zone))
    return "ended" if found is None else found.decode(), len(sets), str(why)  # ended: its newest seal says cv=fail


def judge(text, zone):
    import dkim
    fields = re.findall(rb"^DKIM-Signature:(?:[^\r\n]|\r\n[ \t])*", text, re.M | re.I)
    verifier = dkim.DKIM(text, timeout=5)
    for n, field in enumerate(fields):
        tags = dict(part.strip().split("=", 1) for part in re.sub(r"\s", "", field.decode().split(":", 1)[1]).split(";") if "=" in part)
        try:
            good = verifier.verify(n, dnsfunc=look_up(zone))
        except dkim.DKIMException as error:
            good = str(error)
        yield tags["s"], tags["a"], good


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    text = base64.b64decode(asked["text"])
    json.dump(judge_chain(text, asked["zone"]) if asked["what"] == "chain" else list(judge(text, asked["zone"])), sys.stdout)
