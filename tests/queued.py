"""What waits in the queue, whichever broker it has: the database's or Redis."""

from typing import Any

from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage


def queued() -> list[dict[str, Any]]:
    """Return the tasks that wait, oldest first, as django-q2 keeps them: "func", "args", "timeout"
    and more.
    """
    if Conf.ORM:
        return [row.task for row in OrmQ.objects.order_by("pk")]
    broker = get_broker()
    return [
        SignedPackage.loads(packed) for packed in broker.connection.lrange(broker.list_key, 0, -1)
    ]


def waiting() -> list[tuple[str, tuple[Any, ...]]]:
    """Return each task's function, without its module, and what it is called with."""
    return [(task["func"].rpartition(".")[2], tuple(task["args"])) for task in queued()]


def forget() -> None:
    """Empty the queue."""
    get_broker().purge_queue()
