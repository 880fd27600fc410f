"""Task queue: hand a task to it, whichever broker it has."""

from django.db import transaction
from django_q.tasks import async_task


def send(task: str, *args: object, **options: object) -> None:
    """Have the queue call a function, by its dotted name, once the present transaction is
    committed.

    Not before: a worker that Redis wakes at once would look for rows that are not there yet. And
    never with an error: what the caller has written is true whether the queue answers or not, and
    whoever needs the task asks again later. `options`: those of django-q2, such as `timeout` in
    seconds.
    """
    # A function and no partial: its name is what is logged when it fails.
    transaction.on_commit(lambda: async_task(task, *args, **options), robust=True)
