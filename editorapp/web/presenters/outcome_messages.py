"""Outcome messages: what a page says after a button was pressed."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest

from editorapp.generations.models import Overtaken

Kinds = tuple[type[Exception], ...]


@contextmanager
def reported(
    request: HttpRequest,
    done: str = "",
    *,
    errors: Kinds = (),
    warnings: Kinds = (),
    overtaken: str = "",
    late: Kinds = (Overtaken,),
) -> Iterator[None]:
    """Say `done` where what is done inside succeeds, and what an exception says where it is one of
    `errors` or `warnings`.

    `overtaken` is said where somebody was faster: one of `late`. Anything else is raised.
    """
    try:
        yield
    except errors as error:
        messages.error(request, str(error))
    except warnings as error:
        messages.warning(request, str(error))
    except late:
        if not overtaken:
            raise
        messages.warning(request, overtaken)
    else:
        if done:
            messages.success(request, done)
