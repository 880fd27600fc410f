from typing import Any

from django.apps import AppConfig

from editorapp.core import logs


class GenerationsConfig(AppConfig):
    name = "editorapp.generations"
    label = "generations"

    def ready(self) -> None:
        from django_q.signals import pre_enqueue, pre_execute

        from editorapp.generations import trouble  # noqa: F401
        from editorapp.generations.models.visibility import files_seen_by
        from editorapp.media import visibility

        visibility.by_use(files_seen_by)
        pre_execute.connect(acknowledge_first, dispatch_uid="acknowledge_first")
        pre_enqueue.connect(hand_on_request, dispatch_uid="hand_on_request")
        pre_execute.connect(take_on_request, dispatch_uid="take_on_request")


def acknowledge_first(task: dict[str, Any], **more: Any) -> None:
    """Take a task off the queue before it runs: django-q2 would run the task of a killed worker
    again for ever.
    """
    from django_q.brokers import get_broker

    if task.get("ack_id"):
        get_broker().acknowledge(task["ack_id"])


def hand_on_request(task: dict[str, Any], **more: Any) -> None:
    """Let a task know which request woke it, for its log lines."""
    task["request"] = logs.request_id()


def take_on_request(task: dict[str, Any], **more: Any) -> None:
    """Name that request in the task's lines.

    A worker takes the next task afterwards, and with it the next name.
    """
    logs.take_request(task.get("request", ""))
