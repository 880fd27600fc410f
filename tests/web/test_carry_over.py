"""Changing task, model or account: everything that was typed comes along, and comes back, whoever
could use it.
"""

from dataclasses import fields
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client

from editorapp.providers import accounts, registry
from editorapp.providers.models import ProviderAccount
from editorapp.web.studio.draft_form import DraftForm, KeyframeRow
from tests.factories import make_asset, make_generation
from tests.web.controls import controls_of

pytestmark = pytest.mark.django_db
RESULT_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
PLACES = tuple(
    (model.task, model.name, slug)
    for slug in registry.slugs()
    for model in registry.get(slug).SPEC.models
)
OF_THE_PAGE = {
    "task",
    "model",
    "account",
    "pinned_to",
    "task_was",
    "model_was",
    "account_was",
    "account_before",
    "model_wish",
    "remembered",
}
TYPED = [one.name for one in fields(DraftForm) if one.name not in OF_THE_PAGE]


@pytest.fixture
def browser(member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def full(member) -> DraftForm:
    """A form in which everything is said, for every task."""
    still, other = (make_asset(member, kind="image", frame_count=0) for _ in range(2))
    clip = make_asset(member)
    take = make_generation(
        member, state="succeeded", source=clip, result=make_asset(member), chain_id=RESULT_ID
    )
    return DraftForm(
        source_asset=clip.pk,
        source_generation=take.pk,
        source_url="https://media.example.org/a.mov",
        source_media_type="video/webm",
        source_id=RESULT_ID,
        prompt="Rainy <neon> evening\nand “fog” & light",
        conditioning="manual",
        strength="reimagine_3",
        pose_enabled=True,
        pose_strength="coarse",
        depth_enabled=True,
        depth_blur="0.25",
        normals_enabled=True,
        normals_augmentation="0.75",
        trajectory_enabled=True,
        trajectory_sparsity="0.1",
        face_enabled=True,
        guides="keyframes",
        guide_asset=other.pk,
        keyframes=(KeyframeRow(still.pk, "0"), KeyframeRow(other.pk, "90")),
        frames="frames",
        first_asset=still.pk,
        last_asset=other.pk,
        extend_generation=take.pk,
        resolution="1080p",
        hdr=True,
        exr=True,
        aspect_ratio="9:16",
        duration="10s",
        loop=True,
        concepts=("dolly_zoom", "handheld"),
        x_norm="0.1",
        y_norm="0.2",
        w_norm="0.5",
        h_norm="0.6",
        takes="3",
        more_strengths=("adhere_1", "flex_2"),
        more_prompts="Fog\nSnow <at> night",
    )


def account_of(slug: str) -> ProviderAccount:
    return accounts.usable(provider=slug)[0]


def shown(browser: Client, form: DraftForm, **changes: object) -> DraftForm:
    """Press a button of the form without JavaScript, and read the form that the page then holds."""
    pairs = [(name, value) for name, value in form.pairs() if name not in changes]
    pairs += [(name, str(value)) for name, value in changes.items()]
    sent = urlencode(pairs)
    answer = browser.post("/studio/form", sent, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    return DraftForm.read(QueryDict(urlencode(controls_of(answer.content.decode(), "compose"))))


def typed_in(form: DraftForm) -> dict[str, object]:
    return {name: getattr(form, name) for name in TYPED}


@pytest.mark.parametrize("start", PLACES, ids="-".join)
def test_nothing_typed_is_lost_by_any_switch_and_back(browser, full, start):
    here = shown(browser, full, task=start[0], model=start[1], account=account_of(start[2]).pk)
    assert (here.task, here.model, here.account) == (start[0], start[1], account_of(start[2]).pk)
    assert typed_in(here) == typed_in(full)

    for task, model, slug in PLACES:
        there, account = shown(browser, here, task=task), account_of(slug)
        if there.account != account.pk:
            there = shown(browser, there, account=account.pk)
        if there.model != model:
            there = shown(browser, there, model=model)
        assert (there.task, there.model, there.account) == (task, model, account.pk)
        assert typed_in(there) == typed_in(full)
