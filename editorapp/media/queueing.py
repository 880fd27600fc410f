"""Queueing: what this room hands to the task queue, for tasks.py to do."""

from editorapp.core import task_queue
from editorapp.media.models import Asset


def send_proxy(asset: Asset) -> None:
    """Have the playable copy of a clip made once the transaction that stored it is through."""
    task_queue.send("editorapp.media.tasks.make_proxy", asset.pk)


def send_watermarked() -> None:
    """Have the copies made that people outside wait for."""
    task_queue.send("editorapp.media.tasks.make_watermarked")


def send_source_copies() -> None:
    """Have the parts and copies made that were asked for."""
    task_queue.send("editorapp.media.tasks.make_source_copies")
