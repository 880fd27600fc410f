"""What the studio's page and its parts need to show a form: one mapping for the whole, a small one
for an answer.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.urls import reverse

from editorapp.costs.ledger import MonthTotals, held_usd
from editorapp.generations.models import Generation
from editorapp.generations.request.offers import ASK, Offer, offers, with_ways
from editorapp.generations.request.quotes import is_asked, known
from editorapp.generations.request.verdict import Verdict, weigh
from editorapp.generations.states import CANCELABLE
from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.studio import frames, guides, sources, variants
from editorapp.web.studio.account_notices import notice_of
from editorapp.web.studio.answer import FormCheck, Note, answer
from editorapp.web.studio.cache import month_now
from editorapp.web.studio.compose_choices import (
    RadioChoice,
    choices,
    id_kinds,
    source_kinds,
    task_words,
)
from editorapp.web.studio.desk import Desk
from editorapp.web.studio.kept import kept
from editorapp.web.studio.quotes import QuoteRow, quotes
from editorapp.web.studio.variants import Total


@dataclass(frozen=True)
class Shown:
    """What is said of a form: the answer beside its fields, and each account's offer.

    `should_ask`: the chosen account's price must be asked for, and nothing but that (and the
    prompt) is missing.
    """

    answer: FormCheck
    quotes: list[QuoteRow]
    should_ask: bool
    total: Total

    @property
    def chosen(self) -> QuoteRow:
        return next(one for one in self.quotes if one.offer.is_chosen)


def weighed(desk: Desk, member: Member, *, strictly: bool = False) -> Shown:
    """Judge the form as its account would have it, and what the others would say of the same draft."""
    wanted, account, asset = desk.wanted, desk.account, desk.source.asset
    budget = _budget(desk, member)
    asked = [
        (one, wanted if one.pk == account.pk else desk.wanted_at(one)) for one in desk.accounts
    ]
    offered = offers(asked, asset, chosen=account.pk, budget=budget, count=variants.count_of(desk))
    row = known(account, wanted, asset) if is_asked(account, wanted) else None
    verdict = with_ways(weigh(wanted, asset, account, budget=budget, asked=row), offered)
    verdict, total = variants.judged(desk, verdict, budget)
    return shown(desk, verdict, offered, total, strictly=strictly)


def _budget(desk: Desk, member: Member) -> MonthTotals | None:
    """Return this month's budget; what the form replaces holds none of it any more once it is sent."""
    budget = month_now(member.team, is_simulated=desk.account.is_simulated)
    old = waiting_take(desk.form.replaces, member)
    if budget is None or old is None or old.is_simulated != desk.account.is_simulated:
        return budget
    return replace(budget, reserved_usd=budget.reserved_usd - held_usd(old.pk))


def waiting_take(pk: int | None, member: Member) -> Generation | None:
    """Return the take that a form is to replace, while it is not sent; None of a colleague's, but
    to an admin.
    """
    if pk is None:
        return None
    return Generation.objects.answered_by(member).filter(pk=pk, state__in=CANCELABLE).first()


def shown(
    desk: Desk, verdict: Verdict, offered: list[Offer], total: Total, *, strictly: bool
) -> Shown:
    said = answer(desk.form, desk.source, verdict, model=desk.model, strictly=strictly)
    if desk.account.doubt:  # it may answer again by now, so it is said and nothing is closed
        said.slots["model"].notes.append(Note("warn", desk.account.doubt, "account", ()))
    should_ask = (
        any(one.rule_id == "price.asking" for one in verdict.refusals)
        and not said.is_refused_by_form
    )
    rows = quotes(offered, desk.form.task)
    chosen = next(one for one in rows if one.offer.is_chosen)
    return Shown(said, rows, should_ask and ASK in (chosen.offer.price_state, total.asked), total)


def answer_context(desk: Desk, said: Shown, member: Member) -> dict[str, Any]:
    """Return what a check shows."""
    return {
        "answer": said.answer,
        "slots": said.answer.slots,
        "quotes": said.quotes,
        "chosen": said.chosen,
        "should_ask": said.should_ask,
        "total": said.total,
        "task": task_words(desk.form.task),
        "mend_url": reverse("studio:mend"),
        "ask_url": reverse("studio:ask"),
        "switch_url": reverse("studio:switch"),
        "is_simulated": desk.account.is_simulated,
        "may_ask": member.may(Act.CREATE),
    }


def viewer_context(desk: Desk, member: Member) -> dict[str, Any]:
    """Return what the source pane shows; a generation has no source, and shows what was generated
    before.
    """
    asset = None if desk.form.task == Task.GENERATE else desk.source.asset
    return takes_context(asset, member) | {"source": desk.source, "form": desk.form}


def takes_context(asset: Asset | None, member: Member) -> dict[str, Any]:
    """Return the takes of a clip; without one, those that were made without."""
    takes = sources.takes_of(asset, member)
    return {"asset": asset, "takes": takes, "is_live": any(take.is_active for take in takes)}


def pane_context(desk: Desk, said: Shown, member: Member) -> dict[str, Any]:
    """Return what the form pane shows, and the parts of the source pane that go with task and
    account.
    """
    form, model, account = desk.form, desk.model, desk.account
    pictures = {row.asset for row in form.keyframes} | {
        form.guide_asset,
        form.first_asset,
        form.last_asset,
    }
    asset = desk.source.asset
    closed = {
        option for line in said.answer.slots["source"].closed for option in line.options.split()
    }
    return (
        answer_context(desk, said, member)
        | frames.context(form, model, account, member, asset)
        | {
            "form": form,
            "account": account,
            "model": model,
            "asset": asset,
            "source": desk.source,
            "tasks": [task_words(task, is_chosen=task == form.task) for task in desk.tasks],
            "kept": kept(desk),
            "models": [
                RadioChoice(one.name, one.label, one.name == model.name) for one in desk.models
            ],
            "choices": choices(form, said.answer.closed, model, account.spec),
            "rows": guides.rows(form, member),
            "replaced": waiting_take(form.replaces, member),
            "most_takes": variants.MOST,
            "pictures": sources.recent_pictures(
                member, chosen=tuple(pk for pk in pictures if pk is not None)
            ),
            "clips": sources.recent_clips(member, chosen=form.source_asset),
            "results": sources.recent_takes(member, chosen=form.source_generation),
            "source_kinds": source_kinds(form, closed),
            "id_kinds": id_kinds(form, model, account.spec.name),
        }
    )


def page_context(desk: Desk, said: Shown, member: Member, *, is_typed: bool) -> dict[str, Any]:
    """Return what the whole page shows.

    `is_typed`: it holds what was posted, so no draft may replace it.
    """
    return (
        viewer_context(desk, member)
        | pane_context(desk, said, member)
        | {
            "here": "studio",
            "standing": notice_of(desk, member),
            "is_typed": is_typed,
            "media_types": sorted(set(sources.MEDIA_TYPES.values())),
            "max_upload_megabytes": settings.MAX_UPLOAD_BYTES // 1_000_000,
            "asset": None if desk.form.task == Task.GENERATE else desk.source.asset,
        }
    )
