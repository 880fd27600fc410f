"""What a provider says of its limits: merged where it is stricter, left out where it is nonsense."""

from decimal import Decimal
from typing import Any

import pytest

from editorapp.providers import registry
from editorapp.providers.account_capabilities import merged, unit_price_usd
from editorapp.providers.contract import Task
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Limits

SPEC = registry.get("luma-agents").SPEC
EDIT = SPEC.find(Task.EDIT, "ray-3.2")


def edit_limits(**said: Any) -> Limits:
    return merged(SPEC, {"models": {"edit/ray-3.2": said}}).find(Task.EDIT, "ray-3.2").limits


def test_a_stricter_figure_holds_for_its_model_only() -> None:
    spec = merged(
        SPEC, {"models": {"edit/ray-3.2": {"max_source_seconds": 12, "prompt_max": 3000}}}
    )

    assert spec.find(Task.EDIT, "ray-3.2").limits.max_source_seconds == 12
    assert spec.find(Task.EDIT, "ray-3.2").limits.prompt_max == 3000
    assert spec.find(Task.REFRAME, "ray-3.2") is SPEC.find(Task.REFRAME, "ray-3.2")


def test_the_same_content_gives_the_identical_spec_and_no_content_gives_the_published_one() -> None:
    said = {"models": {"edit/ray-3.2": {"max_source_seconds": 11}}}

    assert merged(SPEC, said) is merged(
        SPEC, {"models": {"edit/ray-3.2": {"max_source_seconds": 11}}}
    )
    assert merged(SPEC, {}) is SPEC
    assert merged(SPEC, {"models": {"edit/ray-3.2": {"max_source_seconds": 10_000}}}) is SPEC


@pytest.mark.parametrize("looser", [18.5, 1e12])
def test_a_looser_figure_is_left_out(looser: float) -> None:
    assert edit_limits(max_source_seconds=looser) == EDIT.limits


@pytest.mark.parametrize(
    "nonsense", [0, -1, True, "12", None, [], float("nan"), float("inf"), {"a": 1}, 0.4]
)
def test_nonsense_for_a_whole_number_is_left_out(nonsense: Any) -> None:
    assert edit_limits(prompt_max=nonsense) == EDIT.limits


@pytest.mark.parametrize(
    "said", [{"grid_fps": 1}, {"output_url_seconds": 1}, {"nothing_of_ours": 3}, {"__class__": 1}]
)
def test_what_is_no_limit_of_ours_is_left_out(said: dict[str, Any]) -> None:
    assert edit_limits(**said) == EDIT.limits


def test_of_a_list_stays_what_both_name_in_our_order() -> None:
    assert edit_limits(resolutions=["1080p", "720p", "8k"]).resolutions == ("720p", "1080p")
    assert edit_limits(resolutions=["8k"]) == EDIT.limits
    assert edit_limits(resolutions="720p") == EDIT.limits


def test_the_keys_of_a_keyframe_are_learned_where_nobody_knew_them() -> None:
    assert edit_limits(keyframe_keys=["image", "frameIndex"]).keyframe_keys == (
        "image",
        "frameIndex",
    )


@pytest.mark.parametrize(
    "odd",
    [["image"], ["image", "image"], ["a b", "c"], ["image", 3], "ab", ["x" * 41, "y"], [1, 2]],
)
def test_odd_keys_of_a_keyframe_are_left_out(odd: Any) -> None:
    assert edit_limits(keyframe_keys=odd) == EDIT.limits


@pytest.mark.parametrize(
    "learned",
    [None, [], "x", {"models": []}, {"models": {"edit/ray-3.2": 5}}, {"models": {"x": {}}}],
)
def test_content_of_another_shape_changes_nothing(learned: Any) -> None:
    assert merged(SPEC, learned) is SPEC


def test_an_accounts_spec_holds_what_that_account_learned() -> None:
    account = ProviderAccount(
        provider="luma-agents", learned={"models": {"edit/ray-3.2": {"max_source_seconds": 9}}}
    )

    assert account.spec.find(Task.EDIT, "ray-3.2").limits.max_source_seconds == 9
    assert ProviderAccount(provider="luma-agents").spec is SPEC


@pytest.mark.parametrize(
    ("said", "price"),
    [
        ("0.01", Decimal("0.01")),
        ("0", None),
        ("-1", None),
        ("1000", None),
        ("nan", None),
        (0.01, None),
        ("", None),
    ],
)
def test_a_units_price_is_an_amount_or_nothing(said: Any, price: Decimal | None) -> None:
    assert unit_price_usd({"unit_price_usd": said}) == price
    assert unit_price_usd({}) is None
