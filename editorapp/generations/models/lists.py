"""Lists of takes: the index of each, which has its order, so that a page costs what it shows."""

from django.db import models

from editorapp.core.constants_in_sql import one_of
from editorapp.generations.states import ACTIVE, ENDED, NEEDS_A_PERSON, State

NOT_TRASHED = models.Q(trashed_at__isnull=True)
# The lists of takes, newest first: the name of its index, and what is the same in each.
LISTS = {
    "generation_newest": ["team"],
    "generation_by_review": ["team", "review"],
    "generation_by_project": ["team", "project"],
    "generation_by_person": ["team", "created_by"],
    "generation_by_task": ["team", "task"],
    "generation_by_provider": ["team", "provider"],
    "generation_by_model": ["team", "model"],
    "generation_by_account": ["team", "account"],
}
# These are counted too: with the column of the condition in them, SQLite reads no row for it.
COUNTED = {
    "generation_by_state": ["team", "state"],
    "generation_by_lineage": ["team", "lineage"],
}
# Those of several states: few takes, whatever there is of others. `GenerationQuerySet` says the
# condition as SQLite needs it.
GROUPS: dict[str, frozenset[State]] = {
    "generation_active": ACTIVE,
    "generation_in_need": NEEDS_A_PERSON,
}
# What few takes name: the index has no others, which all would be of one value.
NAMED = {
    "generation_by_source": ["source_asset", "-id"],
    "generation_by_parent": ["parent", "-id"],
    "generation_by_draft": ["finished_from"],
    "generation_by_assignee": ["assignee"],
    "generation_by_holder": ["held_by"],
    "generation_by_exr": ["exr"],
    "generation_by_came": ["came"],
    "generation_by_batch": ["batch"],
}
DONE = (State.SUCCEEDED,)
IN_TRASH = models.Q(trashed_at__isnull=False, emptied_at__isnull=True)


def indexes() -> list[models.Index]:
    """Return the indexes of the lists. What is in the trash is in none of them."""
    return [
        *(_index(name, [*fields, "-id"], NOT_TRASHED) for name, fields in LISTS.items()),
        *(
            _index(name, [*fields, "-id", "trashed_at"], NOT_TRASHED)
            for name, fields in COUNTED.items()
        ),
        *(
            _index(name, ["team", "-id"], NOT_TRASHED & one_of("state", states))
            for name, states in GROUPS.items()
        ),
        _index(
            "generation_ended",
            ["team", "-state_since", "-id"],
            NOT_TRASHED & one_of("state", ENDED),
        ),
        *(
            _index(name, fields, models.Q(**{f"{fields[0]}__isnull": False}))
            for name, fields in NAMED.items()
        ),
        models.Index(fields=["team", "created_at"], name="generation_by_date"),
        models.Index(fields=["team", "cost_usd", "id"], name="generation_by_cost"),
        models.Index(fields=["team", "result_ms", "id"], name="generation_by_length"),
        # SQLite takes the index of most columns that are asked for: hence the two that never differ.
        _index(
            "generation_undecided",
            ["team", "state", "review", "-id"],
            models.Q(state="succeeded", review=""),
        ),
        _index("generation_in_trash", ["team", "-trashed_at", "-id"], IN_TRASH),
        _index("generation_to_empty", ["trashed_at"], IN_TRASH),
        _index("generation_by_chain_id", ["chain_id"], ~models.Q(chain_id="")),
        _index(
            "generation_by_kind",
            ["account", "model", "task", "-id"],
            one_of("state", DONE),
        ),
    ]


def _index(name: str, fields: list[str], condition: models.Q) -> models.Index:
    return models.Index(fields=fields, name=name, condition=condition)
