"""Receivers: the words of a take follow what is made and what is said about it, in the same
transaction.
"""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from editorapp.generations.models import Generation
from editorapp.library import index
from editorapp.review.signals import said


@receiver(post_save, sender=Generation)
def write_first_words(instance: Generation, created: bool, **_more: Any) -> None:
    """Write the words of a take that was just made."""
    if created:
        index.write_new(instance)


@receiver(said)
def write_words(takes: list[int], **_more: Any) -> None:
    """Write the words of these takes anew."""
    index.write(takes)
