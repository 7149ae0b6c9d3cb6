"""A new mail wakes an idling client within 100 ms of its 250 (p99)."""
import _bars

_bars.meets_its_bars("wake")
