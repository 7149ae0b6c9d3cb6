"""A million messages in incoming, as after days without deliver: first 250, first delivery, schedule, pages."""
import _bars

_bars.meets_its_bars("backlog", "--incoming")
