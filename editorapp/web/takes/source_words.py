"""Source words: what a take was made from where we hold no file of it."""

from urllib.parse import urlsplit

from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.web.presenters import request_summary


def source_words(wanted: GenerationRequest) -> str:
    """Say what the first take was made from where we hold no file of it."""
    if wanted.task == Task.GENERATE:
        return "none here" if request_summary.direction(wanted) else _made_from_prompt(wanted)
    return "none" if wanted.source is None else _place_of(wanted.source)


def _place_of(source: Ref) -> str:
    if source.url:
        return f"from {urlsplit(source.url).hostname}"  # the rest of a link may be a secret
    return f"id {source.generation_id or source.file_id or 'unknown'} at the provider"


def _made_from_prompt(wanted: GenerationRequest) -> str:
    count = _picture_count(wanted)
    pictures = f" and {count} picture{'s' if count > 1 else ''}" if count else ""
    return f"none: made from the prompt{pictures}"


def _picture_count(wanted: GenerationRequest) -> int:
    return sum(ref.generation_id is None for field, ref in wanted.refs() if field != "source")
