"""The other side of dkimpy_test: with Debian's dkimpy, judges what was signed and sealed here, and signs and seals itself.
Usage: dkimpy_peer.py FOLDER COUNT. Prints a line for each judgement; exits with 77 where dkimpy is not installed."""
import pathlib
import sys

try:
    import authres  # noqa: F401  (dkimpy seals with it)
    import dkim
except ImportError:
    sys.exit(77)

folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
KEYS = ["rsa", "ed25519"]
FORMS = [b"simple", b"relaxed"]


def lookup(name, timeout=5):
    return (folder / f"{bytes(name).decode().split('.')[0]}.txt").read_bytes()


for n in range(count):
    print(n, "signed", dkim.verify((folder / f"{n}.signed").read_bytes(), dnsfunc=lookup))
    print(n, "sealed", dkim.arc_verify((folder / f"{n}.sealed").read_bytes(), dnsfunc=lookup)[0].decode())
    plain = (folder / f"{n}.plain").read_bytes()
    name = KEYS[n % 2]
    key = (folder / f"{name}.key").read_bytes()
    field = dkim.sign(plain, name.encode(), b"a.example", key, canonicalize=(FORMS[n // 2 % 2], FORMS[n // 4 % 2]),
                      signature_algorithm=name.encode() + b"-sha256")
    (folder / f"{n}.theirs").write_bytes(field + plain)
    results = b"Authentication-Results: mx.example; arc=none; spf=pass\r\n"
    seal = dkim.arc_sign(results + plain, b"rsa", b"a.example", (folder / "rsa.key").read_bytes(), b"mx.example",
                         include_headers=[b"from", b"subject", b"to"])
    (folder / f"{n}.theirs_sealed").write_bytes(b"".join(seal) + results + plain)
