"""What belongs to a team is not there for anybody else: every file at every address, and every door
of the URL table.

The addresses come from the URL table itself, and all media are made here: so a new address is tried
without anybody thinking of it, on any machine.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from editorapp.costs.models import Entry, MonthBudget, MonthCost
from editorapp.generations.models import Attempt, Generation, Settlement
from editorapp.generations.moving import move
from editorapp.generations.states import State
from editorapp.library import organise
from editorapp.library.models import Mark, Rating, Star, Tag, TakeTag
from editorapp.media import layout, store, unreadable
from editorapp.media.models import Asset, Upload
from editorapp.reuse import recipes
from editorapp.reuse.models import EditRecipe
from editorapp.reuse.recipes import MadeOn
from editorapp.review import playlists
from editorapp.review.models import (
    Comment,
    CommentEdit,
    Decision,
    Playlist,
    PlaylistItem,
    ReviewRequest,
    Share,
    ShareItem,
)
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry, Invite, Member, Project, Team, User
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from editorapp.web.presenters.hand_outs import KINDS
from tests.factories import make_asset, make_member, make_reserved, signed_in
from tests.generations.small_clip import draw
from tests.taken_in import take_in

MARK = b"nobody else's bytes"
WORDS = "Zinnober"  # stands in every name and text of the team that has something
# Who has them is not asked there: accounts with providers are the installation's, a theme is the
# browser's.
EVERYBODYS = {"accounts", "shell"}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@dataclass(frozen=True)
class Owned:
    """What one team has: a clip with all that is made of it, frames as an archive, an unreadable
    result, an upload.
    """

    member: Member
    clip: Asset
    archive: Asset
    came: Asset
    upload: Upload
    take: Generation
    invite: Invite
    recipe: EditRecipe
    project: Project
    share: Share
    playlist: Playlist
    comment: Comment

    def numbers(self, name: str) -> list[str]:
        """Return what `<int:pk>` may stand for at an address of this name."""
        space, _colon, leaf = name.partition(":")
        if space == "media":
            return [str(asset.pk) for asset in (self.clip, self.archive, self.came)]
        if name.startswith("studio:recipe_") and name != "studio:recipe_of_take":
            return [str(self.recipe.pk)]
        if space == "tags":
            return [
                str(pk) for pk in Tag.objects.filter(team=self.member.team).values_list("pk")[0]
            ]
        if space == "comments" and leaf not in {"panel", "people", "add"}:
            return [str(self.comment.pk)]
        if space == "projects":
            return [str(self.project.pk)]
        if space == "shares":
            return [str(self.share.pk)]
        if "playlist" in leaf or leaf.startswith("play"):
            return [str(self.playlist.pk)]
        if space == "people":
            return [str(self.invite.pk if "invite" in leaf else self.member.pk)]
        return [str(self.clip.pk if name == "studio:takes" else self.take.pk)]


@pytest.fixture
def owned(db, tmp_path: Path) -> Owned:
    member = make_member(role=Role.ADMIN, name=f"{WORDS} Owner")
    make_member(role=Role.ADMIN, team=member.team)  # so that nobody is the last admin
    kept_as: dict[str, Any] = {"team": member.team, "user": member.user}
    clip = take_in(draw(tmp_path / "clip.mp4"), name=f"{WORDS} clip.mp4", **kept_as)
    store.path(clip.sha256, layout.PROXY).write_bytes(MARK * 100)
    Asset.objects.filter(pk=clip.pk).update(proxy=Asset.Proxy.READY)
    archive = make_asset(
        member,
        kind="archive",
        container="zip",
        codec="exr",
        mime_type="application/zip",
        name=f"{WORDS}.zip",
        origin="result",
    )
    for what in (store.ORIGINAL, layout.POSTER):
        place = store.path(archive.sha256, what)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(MARK * 200)
    (tmp_path / "came").write_bytes(MARK * 300)
    came = unreadable.keep(
        tmp_path / "came", name=f"{WORDS} as it came.mp4", is_simulated=True, **kept_as
    )
    take = make_reserved(
        member,
        state=State.UNKNOWN,
        source=clip,
        prompt=f"{WORDS} at dusk",
        batch="7f8e4f2e-93a4-4c0c-9f7b-0d3c5a0a7b11",
    )
    owner = Client()
    owner.force_login(member.user)
    begun = owner.post(
        "/media/uploads",
        json.dumps({"name": f"{WORDS}.mov", "size": 4 * len(MARK)}),
        content_type="application/json",
    ).json()
    owner.put(
        begun["url"], MARK, content_type="application/octet-stream", headers={"Upload-Offset": "0"}
    )
    invite, _token = Invite.make(
        member.team, Role.CREATOR, invited_by=member.user, now=timezone.now(), note=f"For {WORDS}"
    )
    recipe = recipes.make(
        member,
        f"{WORDS} recipe",
        "recipe",
        [("task", "edit"), ("prompt", f"{WORDS} again")],
        origin=MadeOn(clip, take),
        now=timezone.now(),
    )
    project = projects.make(member, ProjectFields(f"{WORDS} board", is_private=True))
    move([take.pk], project, by=member)
    share = Share.objects.create(
        team=member.team,
        kind=Share.Kind.TAKE,
        title=f"{WORDS} link",
        token_sha256="0" * 64,
        made_by=member.user,
        made_at=timezone.now(),
    )
    ShareItem.objects.create(share=share, generation=take, place=1)
    organise.tag([take.pk], "Hero", by=member)
    playlist = playlists.make(f"{WORDS} sitting", by=member, now=timezone.now())
    playlists.add(playlist, [take.pk], by=member)
    return Owned(
        Member.objects.get(pk=member.pk),
        Asset.objects.get(pk=clip.pk),
        archive,
        came,
        Upload.objects.get(),
        take,
        invite,
        recipe,
        project,
        share,
        playlist,
        Comment.objects.create(
            generation=take,
            author=member.user,
            text=f"{WORDS} is too dark",
            created_at=timezone.now(),
            form_token="owned",
        ),
    )


def addresses(owned: Owned) -> list[tuple[str, str]]:
    """Return every address of the table with its name, its places filled with what the team has."""
    return sorted(set(_addresses(owned, get_resolver(), "/", "")))


def _addresses(
    owned: Owned, resolver: URLResolver, before: str, space: str
) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _addresses(
                owned,
                entry,
                before + str(entry.pattern),
                f"{entry.namespace}:" if entry.namespace else space,
            )
        elif isinstance(entry, URLPattern):
            name = f"{space}{entry.name}"
            filled = [before + str(entry.pattern)]
            for place, converter in entry.pattern.converters.items():
                kind = f"{type(converter).__name__.removesuffix('Converter').lower()}"
                spelt = {"string": "str"}.get(kind, kind)
                filled = [
                    one.replace(f"<{spelt}:{place}>", value)
                    for one in filled
                    for value in _values(owned, name, place)
                ]
            for address in filled:
                yield address, name


def _values(owned: Owned, name: str, place: str) -> list[str]:
    """Return what may stand at a place of an address.

    One that is not known here must be added, so that it is tried.
    """
    known = {
        "pk": owned.numbers(name),
        "take": [str(owned.take.pk)],
        "what": ["original", "playable", "poster", "filmstrip"],
        "frame_index": ["5"],
        "part": ["take"],
        "ending": ["png", "jpg", "webp"],
        "kind": list(KINDS),
        "batch": [str(owned.take.batch)],
        "provider": ["luma-agents"],
        "token": [owned.upload.token if name.startswith("media:") else "nobodys"],
        "value": ["3"],
        "verb": ["hold", "go-on", "up", "down", "first", "pause", "resume"],
    }
    return known[place]


def said(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_every_file_is_there_for_its_team(owned: Owned) -> None:
    client = signed_in(make_member(role=Role.ADMIN, team=owned.member.team))
    found = {
        address: client.get(address).status_code
        for address, name in addresses(owned)
        if name in ("media:file", "media:still")
    }

    clip = f"/media/{owned.clip.pk}"
    there = {f"{clip}/{what}" for what in ("original", "playable", "poster", "filmstrip")}
    there |= {f"{clip}/frames/5.{ending}" for ending in ("png", "jpg", "webp")}
    there |= {f"/media/{owned.archive.pk}/{what}" for what in ("original", "poster")}
    there |= {f"/media/{owned.came.pk}/original"}
    assert {address for address, status in found.items() if status == 200} == there
    assert {status for address, status in found.items() if address not in there} == {404}
    part = client.get(f"/media/{owned.came.pk}/original", headers={"Range": "bytes=7-18"})
    assert (part.status_code, said(part)) == (206, (MARK * 300)[7:19])


def test_no_file_is_there_for_another_team_by_any_method_range_or_validator(owned: Owned) -> None:
    admin, etag = (
        signed_in(make_member(role=Role.ADMIN)),
        f'"{owned.clip.sha256[:32]}-{store.ORIGINAL}"',
    )
    others = [signed_in(make_member(role=role)) for role in (Role.CREATOR, Role.REVIEWER)]
    headed = [
        {"Range": "bytes=0-9"},
        {"Range": "bytes=999999999-"},
        {"If-None-Match": "*"},
        {"If-None-Match": etag},
        {"Range": "bytes=0-9", "If-Range": etag},
    ]

    tried: set[tuple[str, str]] = set()
    for address, name in addresses(owned):
        if not name.startswith("media:") or name in ("media:uploads", "media:upload_form"):
            continue
        answers = [
            one.get(f"{address}?download=1&v={owned.clip.sha256[:12]}&height=90")
            for one in (admin, *others)
        ]
        place = (name, address.split("/")[2])
        if (
            place not in tried
        ):  # all methods at each view of each file, not at each ending of a still
            tried.add(place)
            methods = ("get", "head", "post", "put", "delete", "patch", "options")
            answers += [
                getattr(admin, one)(address, headers={"Upload-Offset": str(len(MARK))})
                for one in methods
            ]
            answers += [
                ask(address, headers=headers)
                for headers in headed
                for ask in (admin.get, admin.head)
            ]
        for answer in answers:
            assert answer.status_code in {403, 404, 405}, (
                answer.request["REQUEST_METHOD"],
                address,
            )
            assert MARK not in said(answer) and "ETag" not in answer.headers, address

    assert store.incoming().joinpath(f"{owned.upload.token}.part").read_bytes() == MARK
    assert Upload.objects.count() == 1 and Asset.objects.count() == 3


def test_no_file_is_there_for_strangers_nor_one_that_was_deleted(owned: Owned) -> None:
    files = [address for address, name in addresses(owned) if name in ("media:file", "media:still")]

    assert {Client().get(address).status_code for address in files} == {302}
    Asset.objects.update(deleted_at=timezone.now())
    assert {signed_in(owned.member).get(address).status_code for address in files} == {404}


def test_an_upload_is_its_persons_alone(owned: Owned) -> None:
    teammate, url = (
        signed_in(make_member(team=owned.member.team)),
        f"/media/uploads/{owned.upload.token}",
    )
    piece = {
        "content_type": "application/octet-stream",
        "headers": {"Upload-Offset": str(len(MARK))},
    }

    answers = [
        teammate.head(url),
        teammate.put(url, MARK, **piece),
        teammate.delete(url),
        teammate.post(f"{url}/finish"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert signed_in(owned.member).head(url).headers["Upload-Offset"] == str(len(MARK))


def rows_of(owned: Owned) -> str:
    """Return every row that a team has, and its people, as text."""
    team = owned.member.team_id
    found: list[Any] = [Team.objects.get(pk=team)]
    of_team = (Generation, Asset, Upload, Member, Invite, Entry, MonthBudget, MonthCost)
    of_team += (Project, AuditEntry, Share, Tag)
    found += [row for model in of_team for row in model.objects.filter(team_id=team).order_by("pk")]
    of_takes = (
        Attempt.objects.filter(generation__team=team),
        Decision.objects.filter(generation__team=team),
        Comment.objects.filter(generation__team=team),
        CommentEdit.objects.filter(comment__generation__team=team),
        Settlement.objects.filter(attempt__generation__team=team),
        *(model.objects.filter(generation__team=team) for model in (TakeTag, Star, Rating, Mark)),
        ReviewRequest.objects.filter(generation__team=team),
        Playlist.objects.filter(team=team),
        PlaylistItem.objects.filter(playlist__team=team),
    )
    found += [row for rows in of_takes for row in rows.order_by("pk")]
    found += User.objects.filter(memberships__team=team).order_by("pk")
    return serializers.serialize("json", found)


def named_in(owned: Owned) -> dict[str, Any]:
    """Return a query, and a form, that name everything that the team has."""
    clip, take, person = owned.clip.pk, owned.take.pk, owned.member.user_id
    return {
        "source": clip,
        "source_kind": "asset",
        "source_asset": clip,
        "source_generation": take,
        "generation": take,
        "guides": "single",
        "guide_asset": clip,
        "frames": "frames",
        "first_asset": clip,
        "last_asset": clip,
        "extend_generation": take,
        "replaces": take,
        "person": person,
        "take": take,
        "live": f"{take}.queued",
        "task": "edit",
        "prompt": "A quiet harbor",
        "form_token": "another",
        "conditioning": "auto",
        "outcome": "never_arrived",
        "note": "Looked.",
        "actual_usd": "0",
        "verdict": "approved",
        "role": "reviewer",
        "parent": take,
        "lineage": owned.take.lineage,
        "batch": str(owned.take.batch),
        "project": owned.project.pk,
        "subject": f"take:{take}",
        "takes": take,
        "sure": "1",
        "tag_name": "Hero",
        "into": "Hero",
        "colour": "red",
        "playlist": owned.playlist.pk,
        "reviewer": owned.member.pk,
        "approver": owned.member.pk,
        "to": take,
    }


def test_an_admin_of_another_team_learns_and_changes_nothing_at_any_door(owned: Owned) -> None:
    client, before = signed_in(make_member(role=Role.ADMIN)), rows_of(owned)
    named = named_in(owned)

    for address, name in addresses(owned):
        if name.partition(":")[0] in EVERYBODYS or name in (
            "queue:account",
            "people:sign_out",
            "people:team",
            "costs:limit",
        ):
            continue
        for answer in (client.get(address, named), client.post(address, named)):
            assert answer.status_code < 500, (name, answer.status_code)
            assert WORDS.encode() not in said(answer), (name, answer.request["REQUEST_METHOD"])

    assert rows_of(owned) == before
