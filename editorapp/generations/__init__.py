"""Generations own one paid request and its life: checked, reserved, sent once, followed, fetched, kept.

They know no page. A newcomer would ask why the queue is trusted with nothing: it delivers late, twice or never, so
the attempt's row says what happens next, and every write is a compare-and-set on the state that the writer saw.
"""
