"""Bar 1: durable reception, at least 5 times Postfix's messages a second at a tenth of its CPU."""
import _bars

_bars.meets_its_bars("receive")
