"""Signals of generations, for rooms that stand to the right: sent in the transaction of what they tell."""

from django.dispatch import Signal

# takes: ids of takes whose newest attempt came to `state`; now: when. Sent robustly: whoever hears it
# writes in a savepoint of their own, for what became of a paid call is kept whoever fails to tell it.
came_to = Signal()
