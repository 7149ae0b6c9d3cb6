"""The past of those who were put off: the log of reception and what was told of it, moved back in time while the server is not running."""
import datetime
import re


def shift_log(server, hours):
    """As if all that the log says had happened so much earlier."""
    for path in (server.data / "log/receive").glob("*/*.jsonl"):
        lines = []
        for line in path.read_text().splitlines():
            stamp = line[9:41]
            earlier = (datetime.datetime.fromisoformat(stamp) - datetime.timedelta(hours=hours)).isoformat(timespec="microseconds")
            lines.append(line.replace(stamp, earlier, 1))
        path.write_text("\n".join(lines) + "\n")


def earlier_begun(server, hours):
    """As if somebody had watched since so much earlier, and told nobody."""
    told = server.data / "refusals/told"
    text = told.read_text()
    for word in ("begun", "digest"):
        second = int(re.search(rf"^{word}\t(\d+)$", text, re.M)[1])
        text = text.replace(f"{word}\t{second}", f"{word}\t{second - hours * 3600}")
    told.write_text(text)


def texts(server, user, subject):
    """The whole mails of that subject."""
    client = server.imap(user)
    try:
        client.select("INBOX", readonly=True)
        _, found = client.search(None, "SUBJECT", f'"{subject}"')
        return [client.fetch(number, "(BODY.PEEK[])")[1][0][1].decode() for number in found[0].split()]
    finally:
        client.logout()
