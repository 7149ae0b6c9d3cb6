"""INTERNALDATE is told in the zone of the server, and SEARCH's days are days there: mail of 01:00 in Japan is of that day."""
import os

from harness import Server, expect, scenario

DATE = "22-Nov-2026 01:00:00 +0900"


@scenario
def run(folder):
    for zone, told, day, other in (("Asia/Tokyo", DATE, "22-Nov-2026", "21-Nov-2026"),
                                   ("UTC", "21-Nov-2026 16:00:00 +0000", "21-Nov-2026", "22-Nov-2026")):
        os.environ["TZ"] = zone
        with Server(folder / zone.replace("/", "-")).start() as server:
            client = server.imap()
            client.append("INBOX", None, f'"{DATE}"', b"Subject: early\r\n\r\nText\r\n")
            client.select("INBOX")
            said = client.fetch("1", "(INTERNALDATE)")[1][0].decode()
            expect(f'"{told}"' in said, f"in {zone} it came at {told}: {said}")
            expect(client.search(None, "ON", day)[1] == [b"1"], f"in {zone} it is of {day}")
            expect(client.search(None, "ON", other)[1] == [b""], f"and not of {other}")
            expect(client.search(None, "SINCE", day, "BEFORE", "23-Nov-2026")[1] == [b"1"], "SINCE and BEFORE mean the same days")
            client.logout()
