"""What lies in a private project is not there for who is not in it: a creator, a reviewer and a guest
of the same team get at every address what strangers get.

The addresses come from the URL table itself (see test_another_team.py), so a new one is tried
without anybody thinking of it.
"""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from editorapp.generations.models import Generation
from editorapp.generations.moving import move
from editorapp.media.models import Asset
from editorapp.teams import projects
from editorapp.teams.models import Member, Project, ProjectMember, User
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.web.test_another_team import (
    WORDS,
    Owned,
    addresses,
    media_root,
    named_in,
    owned,
    rows_of,
    said,
)

__all__ = ["media_root", "owned"]  # fixtures
MOVE = "/gallery/keep/move"
OUTSIDE = (Role.CREATOR, Role.REVIEWER, Role.GUEST)
# These end the session that asks, or change only who asks.
OWN = {"people:sign_out", "people:sign_out_elsewhere", "people:me", "shell:theme"}
# A tag is the whole team's, whatever takes have it.
TEAMS = {"tags:change", "tags:merge", "tags:delete"}


def outsider(role: str, owned: Owned) -> Member:
    """Return somebody of the team who is in another project."""
    member = make_member(role=role, team=owned.member.team, name=f"Out {role}")
    board = projects.make(owned.member, ProjectFields(f"Other {role}"))
    projects.add(board, member, owned.member)
    return member


def kept(owned: Owned) -> list[Any]:
    return json.loads(rows_of(owned))


@pytest.mark.parametrize("role", OUTSIDE)
def test_who_is_outside_gets_at_every_address_what_strangers_get(owned: Owned, role: str) -> None:
    User.objects.filter(pk=owned.member.user_id).update(display_name="Ada")  # people are no secret
    inside, stranger = signed_in(outsider(role, owned)), signed_in(make_member(role=role))
    before, named = kept(owned), named_in(owned)

    for address, name in addresses(owned):
        if name in OWN | TEAMS:
            continue
        for method in ("get", "post"):
            answer = getattr(inside, method)(address, named)
            other = getattr(stranger, method)(address, named)
            assert answer.status_code == other.status_code, (method, name)
            assert WORDS.encode() not in said(answer), (method, name)
            assert WORDS not in str(answer.headers), (method, name)

    after = kept(owned)
    assert [row for row in before if row not in after] == []


@pytest.mark.parametrize("role", OUTSIDE)
def test_lists_counts_and_searches_know_nothing_of_it(owned: Owned, role: str) -> None:
    User.objects.filter(pk=owned.member.user_id).update(display_name="Ada")
    member = outsider(role, owned)
    client, shown = signed_in(member), make_generation(owned.member, prompt="A quiet harbor")
    board = Project.objects.get(people__user=member.user)
    move([shown.pk], board, by=owned.member)

    assert list(Generation.objects.visible_to(member)) == [shown]
    for address in ("/gallery/", "/gallery/sources", f"/gallery/?q={WORDS[:6]}", "/projects/"):
        answer = client.get(address)
        assert answer.status_code == 200 and WORDS.encode() not in answer.content, address
    live = client.get(f"/gallery/live?live={owned.take.pk}.queued&live={shown.pk}.queued")
    assert live.status_code == 204
    compared = client.get(f"/compare/?takes={owned.take.pk},{shown.pk}")
    assert WORDS.encode() not in compared.content
    assert client.get(f"/takes/{shown.pk}").status_code == 200


def test_who_is_let_in_sees_it_and_who_is_taken_out_does_not_any_more(owned: Owned) -> None:
    member = outsider(Role.GUEST, owned)
    client, take = signed_in(member), f"/takes/{owned.take.pk}"
    file = f"/media/{owned.clip.pk}/original"

    assert [client.get(one).status_code for one in (take, file)] == [404, 404]
    projects.add(owned.project, member, owned.member)
    assert [client.get(one).status_code for one in (take, file)] == [200, 200]
    projects.remove(owned.project, member, owned.member)
    assert [client.get(one).status_code for one in (take, file)] == [404, 404]


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.BILLING])
def test_who_sees_private_projects_sees_it_all(owned: Owned, role: str) -> None:
    client = signed_in(make_member(role=role, team=owned.member.team))

    for address in (f"/takes/{owned.take.pk}", f"/media/{owned.clip.pk}/original"):
        assert client.get(address).status_code == 200
    assert f"{WORDS} board" in client.get("/projects/").content.decode()


def test_a_take_hidden_above_one_that_is_seen_shows_its_picture_and_nothing_else(
    owned: Owned,
) -> None:
    User.objects.filter(pk=owned.member.user_id).update(display_name="Ada")
    member = outsider(Role.CREATOR, owned)
    came = make_asset(owned.member, origin="result", name="came.mp4")
    Generation.objects.filter(pk=owned.take.pk).update(result=came, state="succeeded")
    shown = make_generation(
        owned.member, parent=owned.take, source_asset=came, lineage=owned.take.lineage
    )

    html = signed_in(member).get(f"/takes/{shown.pk}").content.decode()

    assert WORDS not in html and f"/takes/{owned.take.pk}" not in html
    assert Asset.objects.visible_to(member).filter(pk=came.pk).exists()  # it is the source
    assert not Asset.objects.visible_to(member).filter(pk=owned.clip.pk).exists()


def test_pictures_of_a_private_request_are_seen_with_their_take_alone(owned: Owned) -> None:
    member = outsider(Role.CREATOR, owned)
    guide = make_asset(owned.member, kind="image")
    pinned = make_asset(owned.member, kind="image", origin="frame")
    owned.take.guides.add(guide)
    seen = Asset.objects.visible_to(member)

    assert not seen.filter(pk__in=[guide.pk, pinned.pk]).exists()
    public = make_generation(owned.member)
    public.guides.add(guide)
    assert list(seen.filter(pk__in=[guide.pk, pinned.pk])) == [guide]


def test_who_uploads_the_bytes_of_a_hidden_clip_has_brought_them_and_sees_them(
    owned: Owned,
) -> None:
    member = outsider(Role.CREATOR, owned)
    client = signed_in(member)
    whole = b"".join(signed_in(owned.member).get(f"/media/{owned.clip.pk}/original"))
    assert client.get(f"/media/{owned.clip.pk}/original").status_code == 404

    client.post("/media/uploads/form", {"file": SimpleUploadedFile("mine.mp4", whole)})

    assert client.get(f"/media/{owned.clip.pk}/original").status_code == 200
    assert client.get(f"/takes/{owned.take.pk}").status_code == 404


def test_a_team_without_private_projects_asks_no_more_of_the_database(owned: Owned) -> None:
    member = make_member(team=owned.member.team)
    projects.change(owned.project, owned.member, ProjectFields(f"{WORDS} board"))
    assert Member.objects.get(pk=member.pk).sees_all

    client = signed_in(member)
    with CaptureQueriesContext(connection) as context:
        assert client.get("/gallery/").status_code == 200

    assert not [one for one in context.captured_queries if "projectmember" in one["sql"]]
    assert signed_in(member).get(f"/takes/{owned.take.pk}").status_code == 200


def test_nobody_moves_a_take_into_a_project_that_they_do_not_see_or_out_of_it(
    owned: Owned,
) -> None:
    member = outsider(Role.CREATOR, owned)
    client, own = signed_in(member), make_generation(member)

    refused = client.post(MOVE, {"takes": own.pk, "project": owned.project.pk}, follow=True)
    client.post(MOVE, {"takes": owned.take.pk, "project": ""})

    assert "choose another" in refused.content.decode()
    assert Generation.objects.get(pk=own.pk).project is None
    assert Generation.objects.get(pk=owned.take.pk).project == owned.project
    guest = signed_in(outsider(Role.GUEST, owned))
    assert guest.post(MOVE, {"takes": own.pk}).status_code == 403


def test_strangers_and_another_team_see_no_board(owned: Owned) -> None:
    other = signed_in(make_member(role=Role.OWNER))

    assert Client().get("/projects/").status_code == 302
    assert WORDS.encode() not in other.get("/projects/").content
    assert other.get(f"/projects/{owned.project.pk}/").status_code == 404
    assert ProjectMember.objects.filter(project=owned.project).count() == 1
