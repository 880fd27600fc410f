"""Shots: every screen in every state, as pictures to be looked at and as pages to be held against
axe-core.

`make shots SHOTS=folder` writes the pictures and one contact sheet a screen. A state is made by
`states.py`, a row of `table.py` says how to get there; a new address without a row there, or without
a stated reason, fails a test.
"""
