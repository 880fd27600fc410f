"""Cli owns what a script calls: `edit`, `probe` and `verify_account`, by the same services as the
pages.

It holds no rule. A newcomer would ask why the commands that run an installation are in ops: those
serve whoever looks after the machine, these serve whoever makes takes.
"""
