"""Fresh mail while a million deferred for ill destinations fall due, beside an empty queue."""
import _bars

_bars.meets_its_bars("storm")
