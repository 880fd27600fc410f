"""The description of a model says what its rows do."""

from dataclasses import fields, replace

import pytest

from editorapp.providers import registry
from editorapp.providers.rules import table
from editorapp.providers.rules.combinations import plain_request, together
from editorapp.providers.rules.describe import (
    Described,
    described,
    every_model,
    with_account_limits,
)
from editorapp.providers.rules.words import LIMIT_WORDS, size_in_bytes
from editorapp.providers.spec import Limits, ParameterKind

PROVIDER = registry.get("luma-agents")
LUMA = PROVIDER.SPEC
EDIT = LUMA.models_for("edit")[0]


def test_every_model_of_every_provider_is_described_once() -> None:
    there = {
        (slug, model.task, model.name)
        for slug in registry.slugs()
        for model in registry.get(slug).SPEC.models
    }

    found = every_model(registry.every())

    assert {(one.slug, one.task, one.name) for one in found} == there
    assert len(found) == len(there) == len({one.anchor for one in found})


def test_models_of_a_task_answer_the_same_questions() -> None:
    asked: dict[str, set[tuple[str, ...]]] = {}
    for one in every_model(registry.every()):
        asked.setdefault(one.task, set()).add(
            tuple(question for question, _answer in one.capabilities)
        )

    assert all(len(questions) == 1 for questions in asked.values())


def test_every_figure_of_the_limits_has_words() -> None:
    assert set(LIMIT_WORDS) == {field.name for field in fields(Limits)}


def test_every_row_is_described(each: Described) -> None:
    model = each.model

    assert [row.name for row in each.parameters] == [row.field for row in model.parameters]
    assert [row.id for row in each.rules] == [rule.id for rule in model.rules]
    assert all(
        row.allowed
        for row, made in zip(each.parameters, model.parameters, strict=True)
        if made.kind
        in {
            ParameterKind.CHOICE,
            ParameterKind.CHOICES,
            ParameterKind.REF,
            ParameterKind.REFS,
            ParameterKind.PINNED,
        }
    )
    assert each.prices or model.is_priced_by_asking, "nobody would know what it costs"


def test_what_a_table_of_exclusions_says_is_what_the_guard_refuses(each: Described) -> None:
    spec, model = registry.get(each.slug).SPEC, each.model
    plain = plain_request(model)

    assert table.refusals(table.check(spec, plain, None)) == []
    for name in together(spec, model).required:
        nothing = {name: None}
        assert table.refusals(table.check(spec, replace(plain, **nothing), None)), name


def test_lumas_edit_excludes_what_its_contract_says() -> None:
    found = together(LUMA, EDIT)

    assert ("Auto", "the controls") in found.excludes
    assert ("a guide frame", "keyframes") in found.excludes
    assert ("Auto", "a strength") not in found.excludes
    assert found.needs == (("EXR", "HDR"),)
    assert found.required == {"prompt", "source"}


def test_what_an_account_was_told_stands_beside_what_is_published() -> None:
    told = replace(EDIT, limits=replace(EDIT.limits, max_source_seconds=24, resolutions=("720p",)))
    learned = replace(LUMA, models=(told, *LUMA.models[1:]))

    shown = with_account_limits(
        described(PROVIDER, EDIT), [("Studio key", learned), ("Other key", LUMA)]
    )

    by_label = {row.label: row for row in shown.limits}
    assert (by_label["Longest source"].value, by_label["Longest source"].of_accounts) == (
        "18 s",
        (("Studio key", "24 s"),),
    )
    assert by_label["Resolutions"].of_accounts == (("Studio key", "720p"),)
    assert by_label["Longest prompt, in characters"].of_accounts == ()


def test_a_limit_that_only_an_account_was_told_is_shown_too() -> None:
    bare = replace(EDIT, limits=replace(EDIT.limits, max_image_bytes=10_000_000))
    spec = replace(LUMA, models=(bare, *LUMA.models[1:]))
    one = described(PROVIDER, EDIT)
    without = replace(
        one, limits=tuple(row for row in one.limits if row.label != "Largest picture")
    )

    shown = with_account_limits(without, [("Studio key", spec)])

    assert next(row for row in shown.limits if row.label == "Largest picture").of_accounts == (
        ("Studio key", "10 MB"),
    )


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (200_000_000, "200 MB"),
        (50 * 1024**2, "50 MiB"),
        (5 * 1024**3, "5 GiB"),
        (1_500_000, "1,500 kB"),
        (7, "7 bytes"),
    ],
)
def test_a_size_is_written_as_it_was_published(size: int, words: str) -> None:
    assert size_in_bytes(size) == words


@pytest.fixture(params=every_model(registry.every()), ids=lambda one: one.anchor)
def each(request: pytest.FixtureRequest) -> Described:
    return request.param
