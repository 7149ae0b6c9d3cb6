"""A dead destination's backlog after its recovery: drained at what the receiver takes, never above its cap."""
import _bars

_bars.meets_its_bars("drain")
