"""Branches run again: a chain of takes made once more, each from the new result of the step before.

Nothing waits in the queue for a take that is not there: a later step is only a row with the price
that was agreed to, and becomes a generation, with a reservation of its own, once the take that it
is made from is done. So a step that fails, or a budget that is used up meanwhile, costs nothing of
what follows.
"""
