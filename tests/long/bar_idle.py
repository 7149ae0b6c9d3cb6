"""Bar 4: memory of an idle IMAP and of an idle SMTP connection."""
import _bars

_bars.meets_its_bars("idle")
