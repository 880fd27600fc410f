"""Signals of review, for rooms that stand to the right: sent in the transaction of what they tell."""

from django.dispatch import Signal

said = Signal()  # takes: the ids of takes about which something was said, changed or taken back
