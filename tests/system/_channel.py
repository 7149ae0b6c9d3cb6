"""What a captured front could say: requests over the local sockets of `run/` in our own processes' framing (io/channel.h)."""
import contextlib
import os
import socket
import struct

IMAP, POP3 = 1, 2  # directory::Protocol
TAKEN = ("yes", "too many", "stopping", "unproven", "unavailable")  # front::Taken


def text(octets):
    octets = octets.encode() if isinstance(octets, str) else octets
    length, out = len(octets), b""
    while length >= 0x80:
        out, length = out + bytes([length & 0x7F | 0x80]), length >> 7
    return out + bytes([length]) + octets


def take_text(octets):
    length = shift = at = 0
    while True:
        length |= (octets[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if octets[at - 1] < 0x80:
            return octets[at:at + length], octets[at + length:]


@contextlib.contextmanager
def as_user(uid):
    """As the services' user: started by root the test becomes it for a while."""
    before = os.geteuid()
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(before)


def ask(path, octets, descriptors=()):
    """One request; its reply, or None when the stream was closed instead."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(20)
        channel.connect(str(path))
        body = struct.pack("<Q", 1) + octets
        socket.send_fds(channel, [struct.pack("<IB", len(body), len(descriptors)) + body], descriptors)
        reply = b""
        while len(reply) < 5 or len(reply) < 5 + struct.unpack("<I", reply[:4])[0]:
            more = channel.recv(65536)
            if not more:
                return None
            reply += more
        return reply[13:]


def log_in(path, user, password, protocol):
    """As a front asks auth: (account, ticket) of a success, or None."""
    reply = ask(path, b"\x07" + text(user) + text(password) + bytes([protocol, 1]) + text("192.0.2.7") + text(""))
    if reply is None or reply[0] != 5:
        return None
    account = struct.unpack("<Q", reply[1:9])[0]
    _, rest = take_text(reply[9:])
    _, rest = take_text(rest)
    ticket, _ = take_text(rest)
    return account, ticket


def hand_over(path, message):
    """Gives the store one end of a socketpair: (what it answered, what it said on the other end)."""
    ours, theirs = socket.socketpair()
    with ours:
        reply = ask(path, message, [theirs.fileno()])
        theirs.close()
        ours.settimeout(20)
        taken = None if reply is None else TAKEN[reply[0]]
        ours.sendall(b"x LIST \"\" *\r\nUIDL\r\n") if taken == "yes" else None
        try:
            return taken, ours.recv(65536)
        except ConnectionResetError:
            return taken, b""


IMAP_OPENING = text(b"login") + text(b"")
POP3_OPENING = b"\0" + text(b"")


def with_ticket(ticket, opening):
    return b"\x02" + text(ticket) + text("TLSv1.3") + text("imaps") + text(opening)


def naming_account(version, account, address, opening):
    """What a store once believed: account and address as the front says."""
    return (bytes([version]) + struct.pack("<Q", account) + text(address) + text("192.0.2.7") + text("TLSv1.3") + text("imaps")
            + text(opening))
