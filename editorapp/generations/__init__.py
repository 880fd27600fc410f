"""Generations own one paid request and its life: checked, reserved, sent once, followed, fetched,
kept.

They know no page. A newcomer would ask why the queue is trusted with nothing: it delivers late,
twice or never, so the attempt's row says what happens next, and every write is a compare-and-set on
the state that the writer saw.

`request` makes one, `queue` says whose turn it is, `engine` sends and follows it, `files` carries
what belongs to it, `reconcile` settles what nobody knows, `checks` sees what is late or wrong,
`verification` holds an account against its provider's documents, and `worker` keeps all of that
going, by the leases and wake-ups of `coordination`. The tables are in `models`, the states in
`states.py`, and what the queue may call in `tasks.py`. In which order they import each other stands
in tests/rooms.py.
"""
