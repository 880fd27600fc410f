"""Signals of generations, for rooms that stand to the right: sent in the transaction of what they tell."""

from django.dispatch import Signal

came_to = Signal()  # takes: ids of takes whose newest attempt came to `state`; now: when
