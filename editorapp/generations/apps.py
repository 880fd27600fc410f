from typing import Any

from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "editorapp.generations"
    label = "generations"

    def ready(self) -> None:
        from django_q.signals import pre_execute

        pre_execute.connect(acknowledge_first, dispatch_uid="acknowledge_first")


def acknowledge_first(sender: Any, func: Any, task: dict[str, Any], **more: Any) -> None:
    """Take a task off the queue before it runs: django-q2 would run the task of a killed worker again for ever."""
    from django_q.brokers import get_broker

    if task.get("ack_id"):
        get_broker().acknowledge(task["ack_id"])
