"""Take filters: what pages say of a take, {% load takes %}.

No filter causes a query on takes read by web.presenters.cards.read_cards.
"""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from editorapp.core.money import show_usd
from editorapp.generations import trash
from editorapp.generations.models import Generation
from editorapp.generations.states import NEEDS_A_PERSON, State
from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.addresses import address
from editorapp.web.templatetags.rushes import elapsed

CONTINUES = {"forward": "goes on from"}
MADE_AS: dict[str, str] = {Task.REFRAME: "reframe of", Task.MODIFY: "modification of"}
REPORTED = "As the provider reports it"

register = template.Library()
register.filter("model_name", request_summary.model_of)
register.filter("in_short", request_summary.in_short)
register.filter("answered_by", Generation.is_answered_by)


@register.filter
def picture(take: Generation) -> Asset | None:
    """Return what stands for a take: its result, else what it is made from."""
    return take.result or take.made_from


@register.filter
def poster(take: Generation, loading: str = "") -> SafeString:
    """Write the picture of a take, if there is one. `loading`: "lazy", below the fold."""
    if (shown := picture(take)) is None:
        return SafeString("")
    src = address("media:file", shown.pk, "poster")
    lazy = ' loading="lazy"' if loading else ""
    size = f'width="{shown.width:d}" height="{shown.height:d}"'
    return mark_safe(f'<img src="{src}" alt=""{lazy} {size}>')


@register.filter
def made_as(take: Generation) -> str:
    """Return what a take is of the clip or the take that stands behind it: "edit of"."""
    if take.task != Task.GENERATE:
        return MADE_AS.get(take.task, "edit of")
    return CONTINUES.get(request_summary.direction(take.wanted), "leads up to")


@register.filter
def origin(take: Generation) -> str:
    """Return what a take was made from that is no clip or take of ours."""
    if take.task != Task.GENERATE:
        return f"{made_as(take)} a clip that is not kept here"
    return "from pictures" if take.wanted.refs() else "from its prompt"


@register.filter
def badge(take: Generation) -> str:
    """Return the classes of a take's state badge."""
    if take.is_active:
        return "badge badge-live"
    if take.is_done:
        return "badge badge-done"
    if take.state in NEEDS_A_PERSON:
        return "badge badge-warn"
    return "badge badge-bad" if take.is_failed else "badge"


@register.filter
def held_up(take: Generation) -> str:
    """Say why a take in the queue is not sent: it, its account or the queue is paused, or the
    account cannot be used; "" where it is sent when its turn comes.
    """
    if take.state not in (State.QUEUED, State.STAGING):
        return ""
    return take.why_held if take.held_at is not None else _held_up_around(take)


def _held_up_around(take: Generation) -> str:
    if take.account.paused_at is not None:
        return f"The account {take.account} is paused."
    if take.account.problem:
        return take.account.problem
    return "The queue is paused." if take.team.queue_paused_at is not None else ""


@register.filter
def cancelable_by(take: Generation, member: Member) -> bool:
    """May this member cancel the take? Its own person may, and an admin."""
    return take.is_answered_by(member, Act.CANCEL)


@register.filter
def trashable_by(take: Generation, member: Member) -> bool:
    """May this member put the take into the trash now?"""
    return take.state in trash.TRASHABLE and trash.may_trash(take, member)


@register.filter
def cost(take: Generation) -> SafeString:
    """Write what a take costs, in a word, and on what that rests."""
    if take.cost_usd is not None:
        said, is_ours = show_usd(take.cost_usd), take.cost_is_estimated
        basis = "The provider reports no price: this is our estimate" if is_ours else REPORTED
        return _money(take, basis, f"{said} est." if is_ours else said)
    if take.is_active or take.can_settle:
        held = f"{show_usd(take.estimate_high_usd)} held"
        return _money(take, "Held until the outcome is known", held)
    return SafeString('<span class="muted nowrap">not charged</span>')


def _money(take: Generation, basis: str, said: str) -> SafeString:
    """Write an amount, of words that are all ours."""
    simulated = "; simulated money" if take.is_simulated else ""
    return mark_safe(f'<span class="money" title="{basis}{simulated}">{said}</span>')


@register.filter
def percent(share: float | None) -> int | None:
    """Return a share of 0..1 in whole percent; None where the provider reports none."""
    return None if share is None else round(100 * share)


@register.filter
def ago(instant: datetime | None) -> str:
    """Write how long ago: "just now", "12 min ago", "3 h ago", then the date."""
    if instant is None:
        return ""
    past = timezone.now() - instant
    if past < timedelta(minutes=1):
        return "just now"
    if past < timedelta(hours=1):
        return f"{past.seconds // 60} min ago"
    if past < timedelta(days=1):
        return f"{past.seconds // 3600} h ago"
    return _date(instant)


@register.filter
def told_ago(instant: datetime) -> SafeString:
    """Write how long ago something was, with the instant behind it.

    By hand: Django's `date` filter took a seventh of a page of cards, and escaping what needs none
    a tenth of what was left.
    """
    exact = f"{instant.day} {instant:%B %Y, %H:%M} UTC"
    at = f'datetime="{instant.isoformat()}" title="{exact}"'
    return mark_safe(f"<time {at}>{ago(instant)}</time>")


@register.filter
def clock_since(instant: datetime, style: str = "") -> SafeString:
    """Write how long something has lasted; the page's script counts on. `style` is its class."""
    opening = format_html('<time class="{}" ', style) if style else "<time "
    lasted = elapsed(since(instant))
    return mark_safe(f'{opening}data-since="{instant.isoformat()}">{lasted}</time>')


def _date(instant: datetime) -> str:
    is_this_year = instant.year == timezone.now().year
    return f"{instant.day} {instant:%b}" if is_this_year else f"{instant.day} {instant:%b %Y}"


@register.filter
def since(instant: datetime | None) -> timedelta | None:
    """Return how long something has lasted."""
    return None if instant is None else timezone.now() - instant
