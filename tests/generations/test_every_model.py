"""Every model of every provider runs once, on real clips and pictures, through the real engine to a
stored result.
"""

from decimal import Decimal

import pytest

from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.media.trim import trim
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.spec import Model
from editorapp.teams.models import Member
from tests import taken_in
from tests.factories import default_account, make_member
from tests.generations.drive import Clock, priced, run

FRAMES = 24  # of the real clip: about a second
MODELS = [(slug, model) for slug in registry.slugs() for model in registry.get(slug).SPEC.models]


def take_in(path, member: Member) -> Asset:
    copy = store.incoming() / f"test-{path.name}"
    copy.write_bytes(path.read_bytes())
    return taken_in.take_in(copy, name=path.name, team=member.team, user=member.user)


def asked(model: Model, clip: Asset, picture: Asset) -> GenerationRequest:
    """Say as much as the model takes of what its task is about."""
    smallest = min(
        model.limits.resolutions, key=lambda size: int(size.removesuffix("p")), default=None
    )
    said = {
        "prompt": "Hand-painted gouache, warm evening light",
        "resolution": smallest,
        "source": Ref(asset_id=clip.pk),
        "start_frame": Ref(asset_id=picture.pk),
        "aspect_ratio": "1:1",
        "duration": "5s",
        "concepts": ("orbit_left",),
        "strength": "flex_1",
    }
    if model.task == Task.EDIT:
        del said["aspect_ratio"]  # taken without effect
    return GenerationRequest(
        task=model.task,
        model=model.name,
        **{name: value for name, value in said.items() if model.knows(name)},
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("slug", "model"), MODELS, ids=[f"{slug} {model.task} {model.name}" for slug, model in MODELS]
)
def test_a_model_makes_a_result_of_a_real_clip(slug, model, simulator, real_media):
    member, account = make_member(), default_account(slug)
    clip = take_in(real_media / "vertical_4s.mp4", member)
    clip = trim(clip, 0, FRAMES - 1, user=member.user)
    picture = take_in(real_media / "rocket.jpg", member)
    wanted = asked(model, clip, picture)
    source = clip if model.knows("source") else None

    take = enqueue(
        Draft(priced(wanted, account, member, source=source), account, source), member=member
    )
    run(Clock(), rounds=1500, pause=0.1)

    take.refresh_from_db()
    assert take.state == State.SUCCEEDED, take.failure_message
    assert (take.provider, take.model, take.task) == (slug, model.name, model.task)
    assert take.chain_id and take.result.is_video and take.warning == ""
    length = clip.duration_seconds if source else Decimal(5)
    assert abs(take.result.duration_seconds - length) <= Decimal("0.1")
    if model.knows("aspect_ratio") and model.task != Task.EDIT:
        assert take.result.width == take.result.height
    assert simulator.submits_received == 1
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == [
        "reserve",
        "charge",
    ]
    assert differences() == []
