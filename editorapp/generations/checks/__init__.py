"""Checks that open alerts: late jobs, expiring results, books that do not balance; and all of
it in figures.
"""
