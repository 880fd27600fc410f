"""Whatever JSON arrives, it is read and judged without an accident."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from editorapp.costs.estimate import estimate
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.rules import table
from editorapp.providers.rules.unavailable import unavailable
from editorapp.providers.vendors import luma_agents

SPEC = luma_agents.SPEC
SCALARS = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-3, 7000),
    some.floats(),
    some.text(max_size=8),
    some.sampled_from(
        ["video_edit", "video", "video_reframe", "ray-3.2", "720p", "flex_2", "5s", "10s", "16:9"]
    ),
)
KEYS = some.sampled_from(
    sorted(
        {key for row in SPEC.parameters for key in row.path.split(".")} | {"url", "data", "file_id"}
    )
)
JSON = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
BODIES = some.fixed_dictionaries(
    {
        "type": some.sampled_from(["video_edit", "video", "video_reframe"]),
        "model": some.just("ray-3.2"),
    },
    optional={
        "prompt": some.text(),
        "source": JSON,
        "video": JSON,
        "aspect_ratio": JSON,
        "image_ref": JSON,
    },
)


@given(some.one_of(JSON, BODIES))
@settings(max_examples=300, deadline=None)
def test_any_json_is_read_judged_and_priced(body: Any) -> None:
    wanted, misread = luma_agents.decode(body)

    for one in misread + table.check(SPEC, wanted, None):
        assert one.message
        assert 400 <= one.status < 500
    unavailable(SPEC, wanted, None)
    estimate(wanted, None, provider=SPEC.slug)


@given(BODIES)
@settings(max_examples=200, deadline=None)
def test_what_passes_the_rules_means_the_same_when_written_again(body: Any) -> None:
    wanted, misread = luma_agents.decode(body)
    if misread or table.refusals(table.check(SPEC, wanted, None)):
        return

    written = luma_agents.encode(wanted)
    again, _ = luma_agents.decode(written)

    assert luma_agents.encode(again) == written
    assert GenerationRequest.from_json(json.loads(json.dumps(wanted.to_json()))) == wanted
