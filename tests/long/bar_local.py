"""Bar 2: SMTP in until visible over IMAP, at least 6 times Postfix with Dovecot."""
import _bars

_bars.meets_its_bars("local")
