"""What every registered provider must offer, whoever adds it."""

import inspect
import itertools
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from types import ModuleType

import pytest

from editorapp.costs.estimate import estimate
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.prices import tables_of
from editorapp.providers.rules import table as rules
from editorapp.providers.rules.unavailable import unavailable
from editorapp.providers.spec import Model, ParameterKind, Spec

ATTRIBUTES = {field.name for field in fields(GenerationRequest)}
SOUND: Mapping[str, GenerationRequest] = {
    Task.EDIT: GenerationRequest(prompt="Rain", source=Ref(asset_id=1), auto_controls=True),
    Task.GENERATE: GenerationRequest(task=Task.GENERATE, prompt="Rain"),
    Task.REFRAME: GenerationRequest(
        task=Task.REFRAME, prompt="Rain", source=Ref(asset_id=1), aspect_ratio="1:1"
    ),
    Task.MODIFY: GenerationRequest(task=Task.MODIFY, prompt="Rain", source=Ref(asset_id=1)),
}


@pytest.fixture(params=registry.slugs())
def provider(request: pytest.FixtureRequest) -> ModuleType:
    return registry.get(request.param)


@pytest.fixture
def spec(provider: ModuleType) -> Spec:
    return provider.SPEC


def test_it_has_a_spec_and_the_five_functions_and_two_readers(provider: ModuleType) -> None:
    assert isinstance(provider.SPEC, Spec)
    assert registry.get(provider.SPEC.slug) is provider
    for name in ("encode", "decode", "endpoint"):
        assert callable(getattr(provider, name))
    for name, needed in (
        ("stage", {"path", "name", "media_type", "purpose", "session"}),
        ("submit", {"body", "path", "session", "idempotency_key"}),
        ("poll", {"job_id", "session"}),
        ("ping", {"session"}),
    ):
        function = getattr(provider, name)
        assert inspect.iscoroutinefunction(function), name
        assert set(inspect.signature(function).parameters) == needed, name


def test_its_key_and_its_address_are_known(spec: Spec) -> None:
    assert spec.credentials and spec.base_url_name and spec.simulated_key
    assert spec.base_url.startswith("https://")


def test_its_prices_are_of_its_own_models_and_of_a_date(provider: ModuleType, spec: Spec) -> None:
    prices = getattr(provider, "PRICES", {})
    of_models = [tables_of(prices, model.task, model.name) for model in spec.models]
    assert sum(map(len, of_models)) == len(prices)
    for table in prices.values():
        assert table.source and table.as_of.year >= 2026
        assert all(amount > 0 for *_place, amount in table.rows())


def test_a_model_that_is_priced_by_asking_has_somebody_to_ask(
    provider: ModuleType, spec: Spec
) -> None:
    if any(model.is_priced_by_asking for model in spec.models):
        assert inspect.iscoroutinefunction(provider.quote)
        assert {"wanted", "seconds", "session"} <= set(inspect.signature(provider.quote).parameters)


def test_its_rows_name_real_attributes_and_say_where_they_come_from(spec: Spec) -> None:
    for row in spec.parameters:
        assert row.field in ATTRIBUTES
        assert row.source and row.label and row.help
        assert row.kind is not ParameterKind.CHOICE or row.choices
        assert not row.switch or row.switch in ATTRIBUTES
    for rule in spec.rules:
        assert rule.field in ATTRIBUTES
        assert rule.source and rule.summary


def test_no_attribute_is_written_twice_for_one_model(spec: Spec) -> None:
    for model in spec.models:
        names = [row.field for row in model.parameters]
        wires = [path for row in model.parameters for path in row.paths]
        assert len(names) == len(set(names))
        assert len(wires) == len(set(wires))


def test_every_attribute_is_written_or_refused_by_name(spec: Spec) -> None:
    """What a provider cannot express is refused or said, never dropped in silence."""
    ref = Ref(url="https://media.example.org/a.png", media_type="video/mp4")
    odd = {
        "source": ref,
        "start_frame": ref,
        "end_frame": ref,
        "keyframes": (ref,),
        "image_refs": (ref,),
        "keyframe_indexes": (0,),
        "prompt": "Rain",
        "aspect_ratio": "16:9",
        "duration": "5s",
        "resolution": "720p",
        "strength": "flex_2",
        "pose_strength": "coarse",
        "user_id": "u",
        "depth_blur": 0.5,
        "normals_augmentation": 0.5,
        "trajectory_sparsity": 0.5,
        "concepts": ("pan_left",),
        "x_norm": 0.0,
        "y_norm": 0.0,
        "w_norm": 1.0,
        "h_norm": 1.0,
    }
    for model in spec.models:
        written = {row.field for row in model.parameters if not row.is_ignored}
        by_value = {
            row.switch for row in model.parameters if row.switch
        }  # a control that is on by its value
        pinned = (
            {"keyframe_indexes"}
            if any(row.kind is ParameterKind.PINNED for row in model.parameters)
            else set()
        )
        for name in ATTRIBUTES - written - by_value - pinned - {"task", "model"}:
            wanted = GenerationRequest(
                **{"task": model.task, "model": model.name, name: odd.get(name, True)}
            )
            said = rules.check(spec, wanted, None)
            assert [one for one in said if one.field.partition(".")[0] == name], (
                model.label,
                model.task,
                name,
            )


def sound(model: Model) -> GenerationRequest:
    """Return a plain request that this model takes, whatever a provider is not told to take."""
    wanted = replace(SOUND[model.task], model=model.name)
    said = {name: None for name in ("auto_controls", "prompt") if not model.knows(name)}
    return replace(wanted, **said)


def test_a_plain_request_for_each_model_is_sound_and_its_body_is_json(
    provider: ModuleType, spec: Spec
) -> None:
    for model in spec.models:
        wanted = sound(model)
        assert rules.refusals(rules.check(spec, wanted, None)) == []
        assert json.loads(json.dumps(provider.encode(wanted))) == provider.encode(wanted)
        assert provider.endpoint(wanted).startswith("/")
        assert unavailable(spec, wanted, None) is not None


def test_nothing_foreign_makes_it_stumble(provider: ModuleType, spec: Spec) -> None:
    odd = (None, 0, "", "x", [], [[]], {}, {"a": {}}, True, -1.5, float("nan"))
    for model in spec.models:
        paths = {tuple(path.split(".")) for row in model.parameters for path in row.paths}
        plain = replace(sound(model), hdr=True, loop=True, keyframes=(Ref(asset_id=1),))
        for path, value in itertools.product(paths, odd):
            body = provider.encode(plain)
            at = body
            for key in path[:-1]:
                at = at.setdefault(key, {})
            at[path[-1]] = value
            wanted, misread = provider.decode(body, path=provider.endpoint(plain))
            for one in misread + rules.check(spec, wanted, None):
                assert one.message and one.rule_id
            unavailable(spec, wanted, None)
            estimate(wanted, None, provider=spec.slug)
