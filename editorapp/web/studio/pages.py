"""What the studio's views answer with: the whole page, a pane of it, or a line for a toast."""

import json
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpResponse
from django.shortcuts import render

from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest
from editorapp.web.studio import page_context
from editorapp.web.studio.desk import Desk, settle
from editorapp.web.studio.forms import Compose
from editorapp.web.studio.page_context import viewer_context, weighed


def page_of(
    request: MemberRequest,
    desk: Desk,
    *,
    strictly: bool = False,
    status: int = 200,
    is_typed: bool = False,
) -> HttpResponse:
    """Render the whole page.

    `strictly`: also say what is merely missing yet; `is_typed`: somebody filled it in.
    """
    said = weighed(desk, request.member, strictly=strictly)
    context = page_context.page_context(desk, said, request.member, is_typed=is_typed)
    return render(request, "studio/page.html", context, status=status)


def panes(request: MemberRequest, form: Compose) -> HttpResponse:
    """Render the form anew; the source pane only where one task has a source and the other has
    none.
    """
    desk, member = settle(form, request.member), request.member
    context = page_context.pane_context(desk, weighed(desk, member), member)
    needed = "takes" if desk.form.task == Task.GENERATE else "source"
    if request.POST.get("viewer_for", needed) != needed:
        context |= viewer_context(desk, member) | {"with_viewer": True}
    return render(request, "studio/_panes.html", context)


def changes_of(request: MemberRequest) -> dict[str, list[str]]:
    """Return what the pressed button changes in the form."""
    return parse_qs(request.POST.get("mend", ""), keep_blank_values=True)


def viewer_of(request: MemberRequest, form: Compose) -> HttpResponse:
    """Render the source pane of a form, and tell the page which source it is."""
    return render(
        request, "studio/_viewer.html", viewer_context(settle(form, request.member), request.member)
    )


def toast(text: str, **events: Any) -> HttpResponse:
    """Change nothing on the page, say why, and set off other events of its script."""
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"rushes:refused": {"text": text}} | events)
    return response
