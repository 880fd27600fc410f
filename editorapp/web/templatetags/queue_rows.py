"""Queue rows: one generation as the queue shows it, {% load queue_rows %}.

Each row is a kept part, as the gallery's cards are. What changes while it stays where it is (how long
it has lasted, how many are ahead of it, a form's token) fills a gap. No tag causes a query on takes
that web.queue.views has read.
"""

from collections.abc import Hashable
from datetime import timedelta
from typing import Any

from django import template
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.teams.models import Member
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.addresses import address
from editorapp.web.presenters.kept_parts import kept_part
from editorapp.web.templatetags.rushes import elapsed
from editorapp.web.templatetags.takes import (
    ago,
    badge,
    cancelable_by,
    clock_since,
    cost,
    percent,
    poster,
)

Words = dict[str, Hashable]
BETWEEN = " · "
MOST_OF_PROMPT = 60  # characters, behind what is a take's own of its batch
NO_WAY_ON: Words = {"try_again": "", "fetch_again": "", "may_settle": False}

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_row(context: Context, row: Any) -> SafeString:
    """Write one that is not sent yet (a web.queue.views.WaitingRow), with what may be done with it."""
    take, stands = row.take, row.standing
    place = format_html('<strong class="small">{}</strong>', stands.place) if stands.place else ""
    is_paused = stands.is_paused
    return _row(
        context,
        take,
        {"stands": place, "lasted": clock_since(take.created_at)},
        badge="badge badge-warn" if is_paused else _waiting_badge(take),
        says="Paused" if is_paused else take.get_state_display(),
        is_waiting=True,
        why=stands.why,
        arrangements=_arrangements(take, row, context["member"]),
    )


@register.simple_tag(takes_context=True)
def row(context: Context, take: Generation, usual: timedelta | None = None) -> SafeString:
    """Write one that has been sent. `usual`: how long its kind usually takes."""
    ways = _ways_on(take, context["member"])
    has_form = ways["try_again"] or ways["fetch_again"]
    fresh = {
        "stands": _since(take),
        "lasted": clock_since(take.created_at) if take.is_active else "",
        "csrf": CsrfTokenNode().render(context) if has_form else "",
    }
    return _row(
        context,
        take,
        fresh,
        badge=badge(take),
        says=take.get_state_display(),
        warning=_warning(take),
        is_active=take.is_active,
        percent=percent(_newest(take, "progress")),
        usual=elapsed(usual),
        **ways,
    )


def _row(
    context: Context,
    take: Generation,
    fresh: dict[str, str],
    **more: Hashable,
) -> SafeString:
    of_batch = context["heads"].get(take.pk)
    differs = of_batch.differs if of_batch else ""
    errors = _newest(take, "error_count")
    return kept_part(
        "queue/_row.html",
        fresh,
        id=str(take.pk),
        page=address("takes:page", take.pk),
        poster=poster(take),
        head=of_batch.group.label if of_batch and of_batch.is_first else "",
        is_of_batch=of_batch is not None,
        is_done=take.is_done,
        differs=differs,
        prompt=take.prompt,
        facts=BETWEEN.join(filter(None, _facts(take, differs, is_shown=of_batch is not None))),
        failure=take.failure_message,
        is_simulated=take.is_simulated,
        hiccups=f", {errors} hiccup{'s' if errors > 1 else ''}" if errors else "",
        cost=cost(take),
        **more,
    )


def _facts(take: Generation, differs: str, *, is_shown: bool) -> list[str]:
    """Return what it is, who made it, and which attempt; `is_shown`: under the head of its batch."""
    tried = _newest(take, "number") or 1
    task = take.task[:1].upper() + take.task[1:]
    responsible = f", {take.assignee} answers for it" if take.assignee_id else ""
    short = Truncator(take.prompt).chars(MOST_OF_PROMPT)
    return [
        str(take.account),
        f"{task}, {request_summary.model_of(take)}",
        short if differs else request_summary.in_short(take),
        f"{take.created_by}{responsible}",
        f"attempt {tried}" if tried > 1 else "",
        "one of a batch" if take.batch and not is_shown else "",
    ]


def _newest(take: Generation, name: str) -> Any:
    """Return a value of its newest attempt; None without one."""
    tried = take.tried  # type: ignore[attr-defined]
    return getattr(tried[0], name) if tried else None


def _waiting_badge(take: Generation) -> str:
    return "badge" if take.state == State.QUEUED else badge(take)


def _warning(take: Generation) -> str:
    if take.is_overdue:
        return "Overdue"
    return "Unknown state" if take.is_in_unknown_state else ""


def _since(take: Generation) -> SafeString:
    """Write for how long it has been so; of what is over, when that was."""
    if take.is_active:
        return clock_since(take.state_since, "small")
    return format_html('<span class="small muted">{}</span>', ago(take.state_since))


def _ways_on(take: Generation, member: Member) -> Words:
    """Return what this member can do with one that is not waiting."""
    if not member.may_create:
        return NO_WAY_ON
    return {
        "try_again": address("takes:retry", take.pk) if take.can_try_again else "",
        "fetch_again": address("takes:fetch", take.pk) if take.can_fetch_again else "",
        "may_settle": take.can_settle and take.is_answered_by(member),
    }


def _arrangements(take: Generation, row: Any, member: Member) -> SafeString:
    """Write what this member can do with one that waits: the same while its words around it change."""
    return kept_part(
        "queue/_arrange.html",
        id=str(take.pk),
        at=address("queue:arrange", take.pk, "up").removesuffix("up"),
        responsible=str(take.responsible),
        batch=str(take.batch or ""),
        batch_count=row.batch_count,
        is_own=row.standing.is_own,
        may_arrange=take.is_answered_by(member),
        may_cancel=cancelable_by(take, member),
        may_manage=member.may_manage,
    )
