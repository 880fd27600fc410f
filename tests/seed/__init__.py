"""Seed: an installation that has been in use for two years, written by bulk: `make seed N=1000000`.

Rows only: no file is behind a clip. All accounts are simulated, so nothing of it can be paid for.
The same number always makes the same rows.
"""
