"""Costs own money before and after: published prices, estimates, the append-only ledger, budgets,
reports.

They know requests but no generation: an entry keeps a generation's id as a plain value, so that no
delete takes money history away. A newcomer would ask why simulated money has lines too: the whole
job must be seen before a key exists; it is flagged on every line and never added to real money.
"""
