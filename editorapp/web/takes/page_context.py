"""Take page context: what the page of a take is given."""

import json
from datetime import datetime, timedelta
from operator import itemgetter

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.htmx import Context
from editorapp.costs import ledger
from editorapp.exports.papers import shown_body
from editorapp.generations.files import source_sound
from editorapp.generations.models import Attempt, Generation, Settlement
from editorapp.generations.request import references
from editorapp.generations.request.finish import finishes
from editorapp.generations.request.quality import is_draft
from editorapp.library.kept import tags_of_team
from editorapp.media.models import Asset
from editorapp.providers import accounts
from editorapp.providers.contract import Task
from editorapp.providers.models import ProviderAccount
from editorapp.review import playlists
from editorapp.review.shares import open_links
from editorapp.teams import projects
from editorapp.teams.models import Member
from editorapp.web.presenters import answers, change, request_summary
from editorapp.web.presenters.cards import finished_as
from editorapp.web.presenters.clips import StageClip
from editorapp.web.presenters.keeping import COLOURS, keep, keeping_of
from editorapp.web.presenters.usual_times import usual_time
from editorapp.web.review.discussion_context import discussion_for
from editorapp.web.review.verdict_context import verdicts_for
from editorapp.web.takes import lineage, unknown_outcome
from editorapp.web.takes.progress import progress, seen, trouble
from editorapp.web.takes.source_words import source_words


def page_context(take: Generation, member: Member) -> Context:
    """Return all that the page shows of a take to this member."""
    prefetch_related_objects([take], finished_as(member))
    keep([take], member)
    chain, source, wanted = lineage.steps(take, member), take.made_from, take.wanted
    return {
        "here": "gallery",
        "take": take,
        "source": source,
        "source_words": source_words(chain[0].take.wanted),
        "on_stage": _on_stage(take, source),
        "sound_source": source_sound.offered(take, _whole_line(chain)),
        "change": change.words(take),
        "ways_on": _ways_on(take, member),
        "draft_source": _draft_source(take, chain),
        "finishes": finishes(take, member) if member.may_create else [],
        "usual": _usual_time(take) if take.is_active else None,
        "progress": progress(take),
        "trouble": trouble(take),
        "steps": chain,
        "settings": request_summary.settings(take),
        "guides": request_summary.guides(wanted, member),
        "group": lineage.batch(take, member),
        "siblings": lineage.siblings(take, member),
        "children": lineage.children(take, member),
        "lines": ledger.lines(member, generation_id=take.pk).order_by("pk"),
        "can_correct": unknown_outcome.can_correct(take, member),
        "is_live": _is_live(take),
        "keeping": keeping_of(take),
        **_put_into(member),
        "shared_links": open_links(take, member, now=timezone.now()),
        "seen": seen(take),
        "answer_lines": answers.lines_of(take, member),
        "review": verdicts_for(take, member),
        "talk": discussion_for(take, member) if take.is_done else None,
        **_attempts(take),
    }


def _put_into(member: Member) -> Context:
    """Return what the take can be put into and marked with."""
    if not member.may_organise:
        return {}
    return {
        "projects": projects.offered(member),
        "playlists": playlists.offered(member),
        "tags": tags_of_team(member.team_id),
        "colours": COLOURS,
    }


def _whole_line(chain: list[lineage.Step]) -> list[Generation] | None:
    """Return the takes of a chain; None where some of them are left out."""
    return None if any(step.left_out for step in chain) else [step.take for step in chain]


def _draft_source(take: Generation, chain: list[lineage.Step]) -> Generation | None:
    """Return the draft that a take was made of, where it was one and who asks sees it."""
    seen = {step.take.pk for step in chain}
    parent = take.parent if take.parent_id in seen else None
    return parent if parent and is_draft(parent) else None


def _on_stage(take: Generation, source: Asset | None) -> list[StageClip]:
    """Return what the stage shows: the result, after its source where a browser plays both."""
    if take.result is None:
        return []
    shown = [StageClip(take.result, take)]
    if source and source.is_playable and take.result.is_playable and take.task != Task.GENERATE:
        shown.insert(0, StageClip(source, is_lead=False, said="Source"))
    return shown


def _usual_time(take: Generation) -> timedelta | None:
    return usual_time(take.team_id, take.account_id, take.model, take.task)


def _attempts(take: Generation) -> Context:
    attempts, settling = _attempts_of(take.pk), None
    for attempt in attempts:
        attempt.generation = take
    if take.can_settle and attempts:
        settling = unknown_outcome.of(take, attempts[-1], now=timezone.now())
    told = [(attempt, _moments(attempt), _body(attempt)) for attempt in attempts]
    return {"attempts": told, "settling": settling}


@CompiledQuery
def _attempts_of(take: int) -> "QuerySet[Attempt]":
    settled = Settlement.objects.select_related("person").order_by("pk")
    rows = Attempt.objects.filter(generation_id=take).select_related("search", "account")
    return rows.order_by("number").prefetch_related(Prefetch("settlements", settled))


def _is_live(take: Generation) -> bool:
    """May it change by itself? One of unknown outcome may be found, and followed."""
    result_waits = take.result is not None and take.result.proxy == Asset.Proxy.PENDING
    return take.is_active or result_waits or take.is_unknown


def _ways_on(take: Generation, member: Member) -> Context:
    """Return how a take can be worked on: reframed, gone on from where it was made, edited elsewhere;
    nothing for one without a result, or for who may not spend.
    """
    if not take.can_be_source or not member.may_create:
        return {}
    found = accounts.usable(member.team)
    own = [one for one in found if one.pk == take.account_id]
    return {
        "can_reframe": any(Task.REFRAME in account.spec.tasks for account in found),
        "extends": [(way, f"Extend {way}") for one in own for way in _ways_to_extend(take, one)],
        "others": [one for one in found if one not in own and Task.EDIT in one.spec.tasks],
    }


def _ways_to_extend(take: Generation, account: ProviderAccount) -> list[str]:
    models = account.spec.models_for(Task.GENERATE) if take.chain_id else ()
    return [
        way
        for way, frame in references.DIRECTIONS.items()
        if any(references.can_continue(model, frame) for model in models)
    ]


def _moments(attempt: Attempt) -> list[tuple[str, datetime]]:
    """Return what happened to an attempt, and when."""
    instants = {
        "Queued": attempt.created_at,
        "Sent to the provider": attempt.submit_started_at,
        "Accepted by the provider": attempt.submitted_at,
        "Provider was done": attempt.provider_done_at,
        "Outcome recorded": attempt.recorded_at,
    }
    return sorted(((label, at) for label, at in instants.items() if at), key=itemgetter(1))


def _body(attempt: Attempt) -> str:
    if attempt.request_body is None:
        return ""
    body = shown_body(attempt.request_body)
    return json.dumps(body, indent=2, ensure_ascii=False)
