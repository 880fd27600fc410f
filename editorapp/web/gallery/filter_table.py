"""Filter table: everything that the gallery is narrowed by, each under its name in the address."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q

from editorapp.core.money import MILLIONTH
from editorapp.generations.models import Generation
from editorapp.generations.states import ACTIVE, NEEDS_A_PERSON, State
from editorapp.library.id_lists import IndexedIds
from editorapp.library.models import Colour, Mark, Star, TakeTag
from editorapp.providers.contract import Task
from editorapp.review.models import Answer, Comment, ReviewRequest
from editorapp.teams.models import Member
from editorapp.web.gallery.filter_kinds import (
    BoundFilter,
    ChoiceFilter,
    DateFilter,
    Filter,
    Ids,
    RowFilter,
    Test,
    TextFilter,
    Values,
)
from editorapp.web.presenters import request_summary

STATE_GROUPS: dict[str, tuple[str, frozenset[State]]] = {
    "running": ("Running", ACTIVE),
    "done": ("Done", frozenset({State.SUCCEEDED})),
    "attention": ("Needs a person", NEEDS_A_PERSON),
    "failed": ("Failed", frozenset({State.FAILED, State.CANCELED})),
}
REVIEWS = {
    "none": Generation.Review.NONE,
    "needs_changes": Generation.Review.NEEDS_CHANGES,
    "approved": Generation.Review.APPROVED,
}
ANSWERS = {"open": "Not judged yet", "yes": "Does what was asked", "no": "Not yet"}
# By the shorter side of the result, in px: from the first to below the second.
SIZES: dict[str, tuple[str, int, int]] = {
    "under_540": ("Below 540p", 1, 540),
    "540p": ("540p", 540, 720),
    "720p": ("720p", 720, 1080),
    "1080p": ("1080p", 1080, 2160),
    "4k": ("4K", 2160, 1_000_000),
}
FEATURES: dict[str, tuple[str, Q]] = {
    "hdr": ("HDR", Q(result__hdr=True)),
    "exr": ("EXR frames", Q(exr__isnull=False)),
    "open_notes": (
        "Open notes",
        Q(
            Exists(
                Comment.objects.filter(
                    generation=OuterRef("pk"), parent=None, resolved_at=None, deleted_at=None
                )
            )
        ),
    ),
    "simulated": ("Simulated", Q(is_simulated=True)),
}


def _state(values: Values, _member: Member) -> Q:
    return Q(state__in=_states(values))


def _states(values: Values) -> list[str]:
    return sorted({state.value for group in values for state in STATE_GROUPS[str(group)][1]})


def _of_state(values: Values, member: Member) -> IndexedIds:
    return _takes(member, one_of="state", values=_states(values))


def _review(values: Values, _member: Member) -> Q:
    return Q(state=State.SUCCEEDED, review__in=[REVIEWS[str(value)] for value in values])


def _of_review(values: Values, member: Member) -> IndexedIds:
    reviews = [REVIEWS[str(value)].value for value in values]
    return _takes(member, one_of="review", values=reviews)


def _asked(_values: Values, member: Member) -> Q:
    mine = ReviewRequest.objects.filter(reviewer=member.user_id, decided_at=None)
    return _named_by(mine)


def _of_asked(_values: Values, member: Member) -> IndexedIds:
    mine = (("reviewer", member.user_id),)
    return IndexedIds(ReviewRequest, "generation", mine, condition="decided_at IS NULL")


def _starred(_values: Values, member: Member) -> Q:
    return _named_by(Star.objects.filter(user=member.user_id))


def _of_star(_values: Values, member: Member) -> IndexedIds:
    return IndexedIds(Star, "generation", (("user", member.user_id),))


def _tagged(values: Values, _member: Member) -> Q:
    return _named_by(TakeTag.objects.filter(tag__in=values))


def _of_tag(values: Values, _member: Member) -> IndexedIds:
    return IndexedIds(TakeTag, "generation", one_of="tag", values=values)


def _coloured(values: Values, _member: Member) -> Q:
    return _named_by(Mark.objects.filter(colour__in=values))


def _of_colour(values: Values, member: Member) -> IndexedIds:
    same = (("team", member.team_id),)
    return IndexedIds(Mark, "generation", same, one_of="colour", values=values)


def _rated(values: Values, _member: Member) -> Q:
    return _named_by(Mark.objects.filter(rating__gte=100 * int(values[0])))


def _of_rating(_values: Values, member: Member) -> IndexedIds:
    same = (("team", member.team_id),)
    return IndexedIds(Mark, "generation", same, condition="rating > 0")


def _answers(values: Values, _member: Member) -> Q:
    outcomes = ["" if value == "open" else value for value in values]
    return _named_by(Answer.objects.filter(outcome__in=outcomes))


def _of_answers(_values: Values, _member: Member) -> IndexedIds:
    return IndexedIds(Answer, "generation")


def _features(values: Values, _member: Member) -> Q:
    every = Q()
    for value in values:
        every &= FEATURES[str(value)][1]
    return every


def _size(values: Values, _member: Member) -> Q:
    some = Q()
    for value in values:
        _label, least, below = SIZES[str(value)]
        is_so_large = Q(result__width__gte=least, result__height__gte=least)
        some |= is_so_large & (Q(result__width__lt=below) | Q(result__height__lt=below))
    return some


def _project(values: Values, _member: Member) -> Q:
    some = Q(project__in=[value for value in values if value])
    return some | Q(project=None) if 0 in values else some


def _named_by(rows: Any) -> Q:
    """Return which takes one of these rows names."""
    return Q(Exists(rows.filter(generation=OuterRef("pk"))))


def _in(field: str) -> Test:
    return lambda values, _member: Q(**{f"{field}__in": values})


def _by(field: str) -> Ids:
    """Return the list of an index on the team, this field and the takes' ids."""
    return lambda values, member: _takes(member, one_of=field, values=values)


def _by_key(field: str) -> Ids:
    """Return the list of an index on this field alone."""
    return lambda values, _member: IndexedIds(Generation, "id", one_of=field, values=values)


def _takes(member: Member, **more: Any) -> IndexedIds:
    return IndexedIds(
        Generation,
        "id",
        (("team", member.team_id),),
        condition="trashed_at IS NULL",
        **more,
    )


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _since(day: date) -> Q:
    return Q(created_at__gte=start_of(day))


def _until(day: date) -> Q:
    return Q(created_at__lt=start_of(day + timedelta(days=1)))


def _usd(number: Decimal) -> Decimal:
    return min(number, Decimal(1_000_000)).quantize(MILLIONTH)


def _ms(seconds: Decimal) -> int:
    return int(min(seconds, Decimal(1_000_000)) * 1000)


def _tasks() -> Mapping[str, str]:
    return {task.value: task.capitalize() for task in Task}


def _labels(table: Mapping[str, tuple[Any, ...]]) -> Mapping[str, str]:
    return {name: row[0] for name, row in table.items()}


def _colours() -> Mapping[str, str]:
    return {colour.value: str(colour.label) for colour in Colour if colour.value}


def _stars() -> Mapping[str, str]:
    return {str(one): "5 stars" if one == 5 else f"{one} and more" for one in range(5, 0, -1)}


# In the order of the form. `LISTED` says which list is gone by where several have one.
FILTERS: dict[str, Filter] = {
    one.name: one
    for one in (
        ChoiceFilter("state", "State", lambda: _labels(STATE_GROUPS), _state, _of_state),
        ChoiceFilter(
            "review",
            "Review",
            lambda: {key: str(review.label) for key, review in REVIEWS.items()},
            _review,
            _of_review,
        ),
        ChoiceFilter(
            "asked",
            "My review",
            lambda: {"me": "Waits for my review"},
            _asked,
            _of_asked,
            is_one=True,
        ),
        ChoiceFilter("answers", "Answers a note", lambda: ANSWERS, _answers, _of_answers),
        ChoiceFilter(
            "star", "Starred", lambda: {"1": "Starred by me"}, _starred, _of_star, is_one=True
        ),
        ChoiceFilter("rating", "Rating", _stars, _rated, _of_rating, is_one=True),
        ChoiceFilter("colour", "Colour", _colours, _coloured, _of_colour),
        RowFilter("tag", "Tag", _tagged, _of_tag),
        RowFilter("person", "Made by", _in("created_by"), _by("created_by")),
        RowFilter("project", "Project", _project, _by("project"), bare="No project"),
        RowFilter("source", "Made from", _in("source_asset"), _by_key("source_asset")),
        RowFilter("parent", "Edit of", _in("parent"), _by_key("parent")),
        TextFilter("lineage", "Lineage", _in("lineage"), _by("lineage")),
        ChoiceFilter("task", "Task", _tasks, _in("task"), _by("task")),
        ChoiceFilter(
            "provider",
            "Provider",
            request_summary.provider_names,
            _in("provider"),
            _by("provider"),
        ),
        ChoiceFilter(
            "model",
            "Model",
            request_summary.model_names,
            _in("model"),
            _by("model"),
        ),
        RowFilter("account", "Account", _in("account"), _by("account")),
        ChoiceFilter("size", "Size", lambda: _labels(SIZES), _size),
        ChoiceFilter("with", "With", lambda: _labels(FEATURES), _features),
        DateFilter("since", "From", "From {}", _since),
        DateFilter("until", "To", "To {}", _until),
        BoundFilter(
            "cost_from",
            "Cost from",
            "${} and more",
            lambda number: Q(cost_usd__gte=_usd(number)),
        ),
        BoundFilter("cost_to", "Cost to", "To ${}", lambda number: Q(cost_usd__lte=_usd(number))),
        BoundFilter(
            "seconds_from",
            "Length from",
            "{} s and longer",
            lambda number: Q(result_ms__gte=_ms(number)),
        ),
        BoundFilter(
            "seconds_to",
            "Length to",
            "To {} s",
            lambda number: Q(result_ms__lte=_ms(number)),
        ),
    )
}
# The list with the fewest takes first, as a rule.
LISTED = (
    *("asked", "star", "tag", "parent", "lineage", "colour", "rating", "answers"),
    *("source", "review", "project", "person", "state", "account", "task", "provider", "model"),
)
