"""The take page and the card for takes of every task and provider: what was asked, of whom, and how
it goes on.
"""

import pytest
from django.test import Client

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref, Task
from tests.factories import default_account, make_asset, make_member, signed_in
from tests.web.take_pages import make_done, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def make_asked(
    member, wanted: GenerationRequest, *, provider: str = "luma-agents", **fields
) -> Generation:
    """Make a finished take of a request, at a provider's own account."""
    return make_done(
        member,
        account=default_account(provider),
        provider=provider,
        task=wanted.task,
        model=wanted.model,
        prompt=wanted.prompt or "",
        request=wanted.to_json(),
        **fields,
    )


def make_generated(member, *, provider: str = "luma-agents", **values) -> Generation:
    """Make a take that was generated: no clip of ours is behind it."""
    wanted = GenerationRequest(task=Task.GENERATE, prompt="A kite", **values)
    return make_asked(member, wanted, provider=provider, parent=None, source_asset=None)


def html(client, take) -> str:
    return client.get(f"/takes/{take.pk}").content.decode()


def test_a_generation_shows_its_frames_length_loop_and_shape(client, creator):
    first, last = (
        make_asset(creator, kind="image", name=name) for name in ("dawn.png", "dusk.png")
    )
    take = make_generated(
        creator,
        start_frame=Ref(asset_id=first.pk),
        end_frame=Ref(asset_id=last.pk),
        duration="5s",
        loop=True,
        aspect_ratio="21:9",
        resolution="720p",
    )

    words = text(client, take)

    for said in [
        "Task Generate",
        "Model Ray 3.2",
        "First frame",
        "Last frame",
        "5 s",
        "Loop on",
        "21:9",
    ]:
        assert said in words
    for picture in (first, last):
        assert f"/media/{picture.pk}/poster" in html(client, take)


def test_keyframes_of_a_generation_are_shown_at_their_frames(client, creator):
    still = make_asset(creator, kind="image")
    take = make_generated(
        creator, keyframes=(Ref(asset_id=still.pk),) * 2, keyframe_indexes=(0, 96), duration="10s"
    )

    words = text(client, take)

    assert "2 keyframes at 0, 96" in words and "Frame 96" in words and "10 s" in words


def test_camera_concepts_are_named(client, creator):
    wanted = GenerationRequest(
        task=Task.GENERATE,
        model="ray-flash-2-720p",
        prompt="A kite",
        concepts=("dolly_zoom", "low_angle"),
        duration="9s",
    )
    take = make_asked(creator, wanted, provider="scenario", parent=None, source_asset=None)

    words = text(client, take)

    assert "dolly zoom, low angle" in words and "9 s" in words
    assert registry.get("scenario").SPEC.find(Task.GENERATE, "ray-flash-2-720p").label in words


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({}, "centred fit"),
        (
            {"x_norm": 0.125, "y_norm": 0, "w_norm": 0.75, "h_norm": 1},
            "75 % × 100 % of the canvas, at 12.5 %, 0 %",
        ),
    ],
    ids=["fitted", "placed"],
)
def test_a_reframe_says_where_the_source_lies(client, creator, place, said):
    wanted = GenerationRequest(
        task=Task.REFRAME, prompt="Carry on", aspect_ratio="9:16", source=Ref(asset_id=1), **place
    )
    take = make_asked(creator, wanted)

    words = text(client, take)

    assert (
        f"Placement {said}" in words
        and "Aspect ratio 9:16" in words
        and "Reframe, Ray 3.2 at" in words
    )


def test_a_take_without_a_source_has_nothing_to_be_compared_with(client, creator):
    generated, edited = make_generated(creator), make_done(creator, source=make_asset(creator))

    assert html(client, generated).count("data-layer ") == 1
    assert html(client, edited).count("data-layer ") == 2
    assert "none: made from the prompt" in text(client, generated)


def test_an_extension_says_what_it_goes_on_from_and_is_not_laid_over_it(client, creator):
    root = make_done(creator, chain_id="gen-1")
    wanted = GenerationRequest(
        task=Task.GENERATE, prompt="It flies on", end_frame=Ref(generation_id="gen-1")
    )
    take = make_asked(creator, wanted, parent=root, lineage=root.lineage, source_asset=root.result)

    page, words = html(client, take), text(client, take)

    assert f"Extends #{root.pk}, backward" in words
    assert page.count("data-layer ") == 1
    assert "leads up to" in client.get("/gallery/").content.decode()


def test_the_lineage_names_each_takes_provider_and_its_id_there(client, creator):
    root = make_done(creator, chain_id="luma-1")
    wanted = GenerationRequest(
        prompt="At GMI", source=Ref(asset_id=root.result_id), resolution="720p"
    )
    edit = make_asked(
        creator, wanted, provider="gmi-cloud", parent=root, lineage=root.lineage, chain_id="gmi-2"
    )
    wanted = GenerationRequest(task=Task.REFRAME, prompt="At Scenario", aspect_ratio="1:1")
    last = make_asked(
        creator, wanted, provider="scenario", parent=edit, lineage=root.lineage, chain_id="asset_3"
    )

    words = text(client, last)

    for provider, chain_id in [
        ("luma-agents", "luma-1"),
        ("gmi-cloud", "gmi-2"),
        ("scenario", "asset_3"),
    ]:
        assert f"Id at {default_account(provider)} {chain_id}" in words
    assert words.index("luma-1") < words.index("gmi-2") < words.index("asset_3")


def test_the_chain_says_what_differs_across_tasks_and_providers(client, creator):
    root = make_done(creator)
    wanted = GenerationRequest(
        task=Task.REFRAME, prompt="Rainy neon evening", aspect_ratio="1:1", resolution="720p"
    )
    take = make_asked(creator, wanted, provider="gmi-cloud", parent=root, lineage=root.lineage)

    page = html(client, take)

    assert "<del>Edit</del> → <ins>Reframe</ins>" in page
    assert (
        f"<del>{default_account('luma-agents')}</del> → <ins>{default_account('gmi-cloud')}</ins>"
        in page
    )
    assert (
        "<del>not set</del> → <ins>1:1</ins>" in page
        and "<del>Auto</del> → <ins>not set</ins>" in page
    )


def extend_links(page: str, take: Generation) -> list[str]:
    return [
        way
        for way in ("forward", "backward")
        if f"frames={way}&amp;extend_generation={take.pk}&amp;account=" in page
    ]


@pytest.mark.parametrize(
    ("provider", "chain_id", "ways"),
    [
        ("luma-agents", "gen-1", ["forward", "backward"]),
        ("gmi-cloud", "gen-1", ["forward", "backward"]),
        ("scenario", "asset_1", []),
        ("luma-agents", "", []),
    ],
    ids=["luma", "gmi", "scenario cannot", "no id"],
)
def test_extend_is_offered_only_where_the_take_can_be_continued(
    client, creator, provider, chain_id, ways
):
    take = make_asked(creator, GenerationRequest(prompt="x"), provider=provider, chain_id=chain_id)

    assert extend_links(html(client, take), take) == ways


def test_extend_is_gone_when_the_account_is_switched_off(client, creator):
    account = default_account("luma-agents")
    take = make_asked(creator, GenerationRequest(prompt="x"), chain_id="gen-1")
    account.is_enabled = False
    account.save()

    assert extend_links(html(client, take), take) == []


def test_a_result_is_reframed_or_sent_to_another_provider_by_one_link(client, creator, reviewer):
    take = make_done(creator, chain_id="gen-1")
    page = html(client, take)
    gmi = default_account("gmi-cloud")

    assert f"?task=reframe&amp;generation={take.pk}" in page
    assert f"?generation={take.pk}&amp;account={gmi.pk}" in page
    assert f"?generation={take.pk}&amp;account={take.account_id}" not in page, "it was made there"
    assert "task=reframe" not in html(signed_in(reviewer), take), "who may not spend is not led to"


def test_a_generation_on_its_way_is_shown_without_a_picture_of_a_source(client, creator):
    wanted = GenerationRequest(task=Task.GENERATE, prompt="A kite")
    take = make_asked(creator, wanted, parent=None, source_asset=None)
    Generation.objects.filter(pk=take.pk).update(state="running", result=None)

    page, card, row = (
        client.get(at).content.decode() for at in (f"/takes/{take.pk}", "/gallery/", "/queue/")
    )

    assert "Processing" in page and "<img" not in page.split('id="stage"')[1].split("</section>")[0]
    assert "from its prompt" in card and "Generate, Ray 3.2" in card and "Generate, Ray 3.2" in row


def test_a_card_says_what_was_done_with_what(client, creator):
    clip = make_asset(creator, name="harbour.mp4")
    wanted = GenerationRequest(
        task=Task.REFRAME, prompt="x", aspect_ratio="1:1", source=Ref(asset_id=clip.pk)
    )
    take = make_asked(creator, wanted, provider="gmi-cloud", source=clip)

    card = client.get("/gallery/").content.decode()

    assert f"<strong>#{take.pk}</strong> from harbour" in card and "Reframe, Ray" in card
    assert str(default_account("gmi-cloud")) in card


def test_the_gallery_is_narrowed_by_task_provider_and_model(client, creator):
    edit = make_done(creator)
    flash = make_asked(
        creator,
        GenerationRequest(task=Task.GENERATE, model="ray-flash-2-540p", prompt="x"),
        provider="scenario",
    )
    reframe = make_asked(
        creator,
        GenerationRequest(task=Task.REFRAME, prompt="x", aspect_ratio="1:1"),
        provider="scenario",
    )
    make_done(make_member())

    def shown(query: str) -> set[int]:
        page = client.get(f"/gallery/?{query}").content.decode()
        return {take.pk for take in (edit, flash, reframe) if f'id="take-{take.pk}"' in page}

    assert shown("task=edit") == {edit.pk}
    assert shown("provider=scenario") == {flash.pk, reframe.pk}
    assert shown("provider=scenario&task=reframe") == {reframe.pk}
    assert shown("model=ray-flash-2-540p") == {flash.pk}
    assert shown("task=nonsense&provider=&model=none") == {edit.pk, flash.pk, reframe.pk}


def test_a_narrowed_gallery_keeps_its_filters_on_the_next_page(client, creator):
    for _ in range(26):
        make_asked(creator, GenerationRequest(task=Task.REFRAME, prompt="x"), provider="gmi-cloud")

    page = client.get("/gallery/?task=reframe&provider=gmi-cloud").content.decode()

    assert "/gallery/?task=reframe&amp;provider=gmi-cloud&amp;before=" in page
    assert Asset.objects.count() >= 26
