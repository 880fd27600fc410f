"""Providers own the outside world: what each can do (data), what it is sent, and how its answers
are read.

They know no generation, no price and no HTML. A newcomer would ask why the calls are `async` and
touch no table: the engine runs hundreds of them in one event loop, between its own database writes.
"""
