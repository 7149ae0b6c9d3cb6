"""A million deferred recipients: memory, disk, restart, listing, a dead destination."""
import _bars

_bars.meets_its_bars("backlog")
