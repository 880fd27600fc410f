"""What base.html shows on every page: who is here, what runs, what the month has cost."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the shell's values, lazily: a part that shows no shell costs no query."""
    return {"member": getattr(request, "member", None)}
