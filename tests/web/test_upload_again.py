"""What a browser asks again, because an answer was lost: the same upload, the same bytes, the same
end.
"""

import io
import json
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from editorapp.media import intake, store
from editorapp.media.models import Asset, Upload
from editorapp.media.refusals import Refusal
from editorapp.media.uploads import part_file, resumable
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_member, signed_in
from tests.media.clips import make_clip
from tests.patience import PATIENCE_SECONDS

JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    return make_clip(tmp_path / "a.mp4", frames=5, size=(64, 64)).read_bytes()


@pytest.fixture
def member(db) -> Member:
    return make_member()


@pytest.fixture
def client(member: Member) -> Client:
    return signed_in(member)


def begin(
    client: Client, size: int, *, mark: str = "1700000000000-1-2", name: str = "a.mp4"
) -> Any:
    asked = json.dumps({"name": name, "size": size, "mark": mark})
    return client.post("/media/uploads", asked, content_type="application/json", headers=JSON)


def put(client: Client, url: str, data: bytes, at: int) -> Any:
    headers = {"Upload-Offset": str(at), **JSON}
    return client.put(url, data, content_type="application/octet-stream", headers=headers)


def whole(client: Client, data: bytes) -> str:
    url: str = begin(client, len(data)).json()["url"]
    put(client, url, data, 0)
    return url


# Begun again


def test_a_file_that_is_begun_again_goes_on_where_it_was(client: Client) -> None:
    first = begin(client, 100)
    put(client, first.json()["url"], b"x" * 60, 0)

    again = begin(client, 100)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "offset": 60, "crc32": zlib.crc32(b"x" * 60)}
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    "other", [{"size": 101}, {"mark": "1700000000000-1-3"}, {"name": "b.mp4"}, {"mark": ""}]
)
def test_another_file_is_another_upload(client: Client, other: dict[str, Any]) -> None:
    begin(client, 100)

    begun = begin(client, **{"size": 100, **other})

    assert begun.status_code == 201 and Upload.objects.count() == 2


def test_a_file_without_a_mark_is_never_known_again(client: Client) -> None:
    assert begin(client, 100, mark="").json()["url"] != begin(client, 100, mark="").json()["url"]


@pytest.mark.parametrize("who", ["a teammate", "somebody of another team"])
def test_nobody_goes_on_with_somebody_elses_upload(
    client: Client, member: Member, who: str
) -> None:
    url = begin(client, 100).json()["url"]
    other = signed_in(make_member(team=member.team) if who == "a teammate" else make_member())

    assert begin(other, 100).json()["url"] != url
    assert other.get(url).status_code == 404


def test_an_upload_stays_with_the_team_in_which_it_was_begun(
    client: Client, member: Member
) -> None:
    url = begin(client, 100).json()["url"]
    Member.objects.filter(pk=member.pk).update(team=make_member().team)

    assert begin(client, 100).json()["url"] != url
    assert [client.get(url).status_code, client.post(f"{url}/finish").status_code] == [404, 404]


@pytest.mark.parametrize("mark", ["a b", "x" * 101, "<", "1\x00"])
def test_a_mark_that_is_none_is_a_bad_request(client: Client, mark: str) -> None:
    assert begin(client, 100, mark=mark).status_code == 400


# Finished again


def test_an_upload_that_is_finished_again_is_the_same_asset(client: Client, clip: bytes) -> None:
    url = whole(client, clip)

    answers = [client.post(f"{url}/finish") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json() and Asset.objects.count() == 1
    assert client.get(url).json() == {"offset": len(clip)}
    assert put(client, url, clip, 0).status_code == 409 and not list(store.incoming().iterdir())


def test_a_file_that_was_taken_and_is_chosen_again_need_not_be_sent(
    client: Client, clip: bytes
) -> None:
    url = whole(client, clip)
    asset = client.post(f"{url}/finish").json()["asset"]

    again = begin(client, len(clip)).json()

    assert (again["offset"], again["crc32"]) == (len(clip), zlib.crc32(clip))
    assert client.post(f"{again['url']}/finish").json()["asset"] == asset
    Asset.objects.update(deleted_at="2026-01-01T00:00Z")
    assert begin(client, len(clip)).json()["offset"] == 0


def test_a_refusal_is_told_again_and_the_file_may_be_tried_anew(client: Client) -> None:
    url = whole(client, b"Dear Sir or Madam, " * 100)

    answers = [client.post(f"{url}/finish") for _ in range(2)]

    assert [(answer.status_code, answer.json()["reason"]) for answer in answers] == [
        (422, "not_media")
    ] * 2
    assert answers[0].json() == answers[1].json() and not list(store.incoming().iterdir())
    assert begin(client, 1900).json()["offset"] == 0


@pytest.mark.parametrize(
    "fault", [Refusal("interrupted"), RuntimeError("a fault of ours"), KeyboardInterrupt()]
)
def test_what_is_not_the_files_fault_loses_nothing(
    client: Client, clip: bytes, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    url = whole(client, clip)
    client.raise_request_exception = False

    def broken(*_args: Any, **_more: Any) -> None:
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(intake, "measure", broken)
        if isinstance(fault, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                client.post(f"{url}/finish")
        else:
            assert client.post(f"{url}/finish").status_code in (500, 503)

    assert client.get(url).json() == {"offset": len(clip)}
    assert client.post(f"{url}/finish").status_code == 201
    assert not list(store.incoming().iterdir())


def test_an_upload_is_taken_in_where_a_file_can_have_one_name_only(
    client: Client, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_names: Any) -> None:
        raise OSError("Operation not supported")

    url = whole(client, clip)
    monkeypatch.setattr(part_file.os, "link", no_links)

    assert client.post(f"{url}/finish").status_code == 201 and not list(store.incoming().iterdir())


def test_an_upload_whose_pieces_are_lost_says_where_to_go_on(client: Client, clip: bytes) -> None:
    url = whole(client, clip)
    part_file.path(Upload.objects.get().token).unlink()

    assert (client.post(f"{url}/finish").status_code, client.get(url).json()) == (
        409,
        {"offset": 0},
    )


# Sent again


class Hanging:
    """A body that never comes and never ends either: its connection is dead, and nobody says so."""

    def __init__(self) -> None:
        self.waits, self.end = threading.Event(), threading.Event()

    def read(self, size: int = -1) -> bytes:
        self.waits.set()
        self.end.wait(PATIENCE_SECONDS)
        return b"y" * min(size, 60)


def test_a_connection_that_hangs_holds_nobody_up_and_spoils_nothing(member: Member) -> None:
    token = resumable.begin(name="a.mp4", size_bytes=100, member=member).token
    pieces, dead, ended = part_file.PartFile(token), Hanging(), []
    pieces.append(io.BytesIO(b"x" * 40), at=0, length=40)
    hanging = threading.Thread(target=lambda: ended.append(pieces.append(dead, at=40, length=60)))
    hanging.start()
    dead.waits.wait(PATIENCE_SECONDS)

    reached = pieces.append(io.BytesIO(b"z" * 60), at=40, length=60)
    dead.end.set()
    hanging.join()

    assert (reached, ended) == (100, [None])
    assert part_file.path(token).read_bytes() == b"x" * 40 + b"z" * 60


# Told why not


@pytest.mark.parametrize(
    "path",
    ["/media/uploads", "/media/uploads/x", "/media/uploads/x/finish", "/media/1/frames/1/pin"],
)
def test_a_script_is_told_why_it_may_not_before_its_body_is_read(member: Member, path: str) -> None:
    class Unread(io.BytesIO):
        def read(self, *_size: Any) -> bytes:
            raise AssertionError("the body was read")

    def asked(client: Client, **headers: str) -> tuple[int, str]:
        method = "PUT" if path.endswith("/x") else "POST"
        answer = client.generic(
            method,
            path,
            b"x" * 10,
            content_type="application/octet-stream",
            headers={**JSON, **headers},
            **{"wsgi.input": Unread(b"x" * 10)},
        )
        return answer.status_code, answer.json()["reason"]

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member.user)

    assert asked(Client()) == (401, "signed_out")
    assert asked(Client(enforce_csrf_checks=True)) == (401, "signed_out")
    assert asked(signed_in(make_member(role=Role.REVIEWER))) == (403, "role")
    assert asked(strict) == (403, "csrf")
    assert asked(strict, **{"X-CSRFToken": "x" * 64}) == (403, "csrf")


def test_a_person_is_shown_a_page_instead(member: Member) -> None:
    reviewer = signed_in(make_member(role=Role.REVIEWER))

    assert Client().post("/media/uploads", headers={"Accept": "text/html"}).status_code == 302
    assert "Not for your role" in reviewer.post("/media/uploads").content.decode()
