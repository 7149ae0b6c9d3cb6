"""Bar 3: SMTP in and out, at least 5 times Postfix."""
import _bars

_bars.meets_its_bars("relay")
