"""Generations own one paid request and its life: checked, reserved, sent once, followed, fetched,
kept.

They know no page. A newcomer would ask why the queue is trusted with nothing: it delivers late,
twice or never, so the attempt's row says what happens next, and every write is a compare-and-set on
the state that the writer saw.

`request` makes one, `line` says whose turn it is, `engine` sends and follows it, `files` carries
what belongs to it, `unknown` settles what nobody knows, `watch` sees what is late or wrong,
`verifying` holds an account against its provider's documents, and `running` keeps all of that
going. The tables are in `models`, the states in `states.py`, and what the queue may call in
`tasks.py`.
"""
