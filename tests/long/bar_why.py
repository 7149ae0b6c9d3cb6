"""What it costs a message to know where its time went."""
import _bars

_bars.meets_its_bars("why")
