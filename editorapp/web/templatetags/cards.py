"""Card tags: a take and a closed batch in the gallery, {% load cards %}.

Each card is a kept part: what it prints is read here once, as plain words, and the template that
prints them runs only for words that it has not printed before. No tag causes a query on takes that
web.gallery.batches.cards_of has made ready.
"""

from collections.abc import Hashable
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from editorapp.generations.models import Generation
from editorapp.library.folding import SearchedWords
from editorapp.media.models import Asset
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.addresses import address
from editorapp.web.presenters.cards import whose_note
from editorapp.web.presenters.groups import TakeGroup, stem
from editorapp.web.presenters.keeping import keeping_of
from editorapp.web.presenters.kept_parts import kept_part
from editorapp.web.presenters.marked import marked
from editorapp.web.templatetags.groups import standing, with_batch
from editorapp.web.templatetags.rushes import seconds
from editorapp.web.templatetags.takes import (
    badge,
    clock_since,
    cost,
    made_as,
    origin,
    poster,
    told_ago,
)

Words = dict[str, Hashable]
MOST_NAMED = 4  # takes of a closed batch
MOST_OF_PROMPT = 90  # characters, on a closed batch

register = template.Library()


@register.simple_tag(takes_context=True)
def take_card(context: Context, take: Generation, oob: Any = False) -> SafeString:
    """Write the card of a take; `oob`: it takes the place of the one that a page shows. The context's
    `asked_words` are marked in it.
    """
    stands = {"standing": standing(take), "differs": ""}
    return _card(take, stands, oob, context.get("asked_words"))


@register.simple_tag(takes_context=True)
def take_of_batch(
    context: Context,
    group: TakeGroup,
    take: Generation,
    oob: Any = False,
) -> SafeString:
    """Write the card of a take that stands in an open batch: its place there, and what is its own."""
    asked = context.get("asked_words")
    differs = marked(group.differs[take.pk], asked)
    return _card(take, {"standing": f" {group.place_of(take)}", "differs": differs}, oob, asked)


@register.simple_tag(takes_context=True)
def batch_card(
    context: Context,
    group: TakeGroup,
    here_url: str,
    oob: Any = False,
) -> SafeString:
    """Write a batch as one card. `here_url`: the page it is on, which can be opened with it open."""
    first, batch, asked = group.first, group.batch, context.get("asked_words")
    assert batch is not None
    return kept_part(
        "gallery/_batch.html",
        {"when": told_ago(first.created_at)},
        oob=bool(oob),
        batch=str(batch),
        opened=with_batch(here_url or "", batch),
        opens=f"{reverse('gallery:batch', args=[batch])}?open=1",
        live=tuple(_live(take) for take in group.takes if take.is_active),
        pictures=tuple((poster(take, "lazy"), take.is_done) for take in group.takes[:MOST_NAMED]),
        picks=",".join(str(take.pk) for take in group.takes),
        count=len(group.takes),
        label=group.label,
        prompt=marked(Truncator(first.prompt).chars(MOST_OF_PROMPT), asked),
        is_simulated=first.is_simulated,
        is_active=group.is_active,
        states=group.states,
        takes=tuple(_named(group, take) for take in group.takes[:MOST_NAMED]),
        more=max(0, len(group.takes) - MOST_NAMED),
        maker=marked(str(first.created_by), asked),
        compare_url=group.compare_url,
    )


def _named(group: TakeGroup, take: Generation) -> tuple[str, str, str]:
    return str(take.pk), address("takes:page", take.pk), group.differs[take.pk]


def _card(
    take: Generation,
    stands: dict[str, str],
    oob: Any,
    asked: SearchedWords | None,
) -> SafeString:
    return kept_part(
        "gallery/_card.html",
        {"when": told_ago(take.created_at), "lasted": _lasted(take)},
        oob=bool(oob),
        id=str(take.pk),
        page=address("takes:page", take.pk),
        poster=poster(take, "lazy"),
        prompt=marked(take.prompt, asked),
        is_simulated=take.is_simulated,
        made_by_model=_made_by_model(take),
        maker=marked(str(take.created_by), asked),
        cost=cost(take),
        exr=take.exr_id is not None,
        answers=whose_note(take),
        **stands,
        **_state(take),
        **_result(take.result),
        **_origin(take),
        **_review(take, asked),
        **_keeping(take, asked),
    )


def _lasted(take: Generation) -> str:
    return clock_since(take.state_since, "take-time") if take.is_active else ""


def _live(take: Generation) -> str:
    return f"{take.pk}.{take.state}"


def _state(take: Generation) -> Words:
    """Return how far it is, and why it failed: nothing of one that is done."""
    if take.is_done:
        return {"live": "", "waits": "", "badge": "", "failure": ""}
    is_wrong = take.is_failed or take.is_unknown
    return {
        "live": _live(take) if take.is_active else "",
        "waits": take.get_state_display(),
        "badge": badge(take),
        "failure": take.failure_message if is_wrong else "",
    }


def _result(result: Asset | None) -> Words:
    if result is None:
        return {"plays": "", "is_video": False, "length": "", "hdr": False}
    lasts = seconds(result.duration_seconds)
    return {
        "plays": address("media:file", result.pk, "playable") if result.is_playable else "",
        "is_video": result.is_video,
        "length": f"{result.width} × {result.height} · {lasts}",
        "hdr": bool(result.hdr),
    }


def _origin(take: Generation) -> Words:
    """Return what it was made from; `made_from` ends where the link to its parent follows."""
    parent = take.parent_id
    if parent is not None:
        page = address("takes:page", parent)
        return {"made_from": f", {made_as(take)}", "parent": str(parent), "parent_page": page}
    source = take.source_asset
    words = f", {origin(take)}" if source is None else f" from {stem(source)}"
    return {"made_from": words, "parent": "", "parent_page": ""}


def _review(take: Generation, asked: SearchedWords | None) -> Words:
    """Return the verdict, and in whose words what should change."""
    is_asked = take.review == take.Review.NEEDS_CHANGES
    decided = take.decisions.all() if is_asked else ()
    decision = next((one for one in decided if one.verdict == take.Review.NEEDS_CHANGES), None)
    return {
        "is_approved": take.review == take.Review.APPROVED,
        "needs_changes": is_asked,
        "note_by": str(decision.decided_by) if decision else "",
        "note": decision.note if decision else "",
        "note_words": marked(decision.note, asked) if decision else "",
    }


def _keeping(take: Generation, asked: SearchedWords | None) -> Words:
    """Return what is put on a take, and what who asks may do to it."""
    keeping, source = keeping_of(take), take.made_from
    kept, is_video = keeping.kept, take.result is not None and take.result.is_video
    compares = is_video and source is not None and source.is_video
    return {
        "is_starred": kept.is_starred,
        "own_rating": kept.own_rating,
        "mean": kept.mean,
        "rated_by": kept.rated_by,
        "colour": kept.colour,
        "colour_name": keeping.colour_name,
        "tags": tuple((str(tag.pk), marked(tag.name, asked), tag.colour) for tag in kept.tags),
        "may_organise": keeping.may_organise,
        "edit_url": _with_take("studio:page", "generation", take) if keeping.may_edit else "",
        "compare_url": f"{_with_take('compare:page', 'takes', take)}&source=1" if compares else "",
    }


def _with_take(view: str, name: str, take: Generation) -> str:
    """Return the address of a page about a take: "/studio/?generation=12"."""
    return f"{address(view)}?{name}={take.pk}"


def _made_by_model(take: Generation) -> str:
    task = take.task[:1].upper() + take.task[1:]
    return f"{task}, {request_summary.model_of(take)} · {take.account}"
