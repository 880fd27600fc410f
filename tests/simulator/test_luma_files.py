"""The Files API through the official SDK."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import luma_agents
import pytest
from luma_agents import Luma

from tests.simulator.conftest import edit, sdk, upload
from tests.simulator_process import SimulatorProcess, http


def test_a_file_is_created_put_completed_read_listed_and_deleted(client: Luma, tiny: Path) -> None:
    data = tiny.read_bytes()

    created = client.files.create(
        mime_type="video/mp4",
        size_bytes=len(data),
        filename="tiny.mp4",
        purpose="reference",
        user_id="person-7",
    )
    put = http.put(created.upload.url, content=data, headers=created.upload.headers)
    client.files.complete(created.id)
    while (file := client.files.get(created.id)).state == "pending":
        time.sleep(0.02)
    listed = client.files.list(purpose="reference", state="ready", limit=1)
    client.files.delete(created.id)

    assert created.state == "pending" and created.upload.method == "PUT" and put.status_code == 200
    assert (file.state, file.size_bytes, file.filename, file.user_id) == (
        "ready",
        len(data),
        "tiny.mp4",
        "person-7",
    )
    assert listed.data[0].id == created.id
    assert (
        client.files.get(created.id).state == "deleted" and client.files.get(created.id).deleted_at
    )
    assert created.id not in {one.id for one in client.files.list(limit=100).data}
    with pytest.raises(luma_agents.UnprocessableEntityError, match="file is not ready"):
        edit(client, created.id)


def test_files_are_listed_newest_first_page_by_page(simulator: SimulatorProcess) -> None:
    client = sdk(simulator, f"luma-api-pages-{time.time_ns()}")
    made = [client.files.create(mime_type="video/mp4", size_bytes=9).id for _ in range(5)]

    first = client.files.list(limit=2)
    client.files.delete(first.data[0].id)
    second = client.files.list(limit=2, cursor=first.next_cursor)
    third = client.files.list(limit=2, cursor=second.next_cursor)

    pages = [[file.id for file in page.data] for page in (first, second, third)]
    assert pages == [[made[4], made[3]], [made[2], made[1]], [made[0]]]
    assert [page.has_more for page in (first, second, third)] == [True, True, False]
    assert third.next_cursor is None


def test_inline_bytes_in_a_form_need_no_upload(
    simulator: SimulatorProcess, client: Luma, tiny: Path
) -> None:
    answer = http.post(
        f"{simulator.url}/luma-agents/v1/files",
        headers={"Authorization": "Bearer luma-api-test-0001"},
        files={"file": ("tiny.mp4", tiny.read_bytes(), "video/mp4")},
        data={"purpose": "reference"},
    )

    created = answer.json()
    while (file := client.files.get(created["id"])).state == "pending":
        time.sleep(0.02)

    assert answer.status_code == 201 and created["upload"] is None
    assert (file.state, file.mime_type, file.purpose) == ("ready", "video/mp4", "reference")
    assert file.size_bytes == tiny.stat().st_size


@pytest.mark.parametrize(
    "said",
    [
        {"size_bytes": 10},
        {"mime_type": "video/mp4"},
        {"mime_type": "video/mp4", "size_bytes": 0},
        {"mime_type": "video/mp4", "size_bytes": "10"},
        {"mime_type": "nonsense", "size_bytes": 10},
        {"mime_type": "video/mp4", "size_bytes": 10, "purpose": "fun"},
        {"mime_type": "video/mp4", "size_bytes": 10, "expires_at": "tomorrow"},
        {"mime_type": "video/mp4", "size_bytes": 5 * 1024**3 + 1},
        [],
    ],
)
def test_a_file_that_is_not_described_well_is_refused(
    simulator: SimulatorProcess, said: object
) -> None:
    answer = http.post(
        f"{simulator.url}/luma-agents/v1/files",
        json=said,
        headers={"Authorization": "Bearer luma-api-test-0001"},
    )

    assert answer.status_code in (400, 413)
    assert isinstance(answer.json()["detail"], str)


def test_fewer_bytes_than_announced_end_as_a_failed_file(client: Luma) -> None:
    created = client.files.create(mime_type="video/mp4", size_bytes=100)
    http.put(
        created.upload.url, content=b"short", headers=created.upload.headers
    ).raise_for_status()

    client.files.complete(created.id)
    while (file := client.files.get(created.id)).state == "pending":
        time.sleep(0.02)

    assert file.state == "failed" and "100" in (file.failure_reason or "")


def test_more_bytes_than_announced_are_refused_by_the_storage(client: Luma) -> None:
    created = client.files.create(mime_type="video/mp4", size_bytes=4)

    answer = http.put(created.upload.url, content=b"longer", headers=created.upload.headers)

    assert answer.status_code == 400 and "EntityTooLarge" in answer.text


def test_an_upload_link_wants_its_headers_its_signature_and_its_method(client: Luma) -> None:
    upload = client.files.create(mime_type="video/mp4", size_bytes=4).upload

    answers = [
        http.put(upload.url, content=b"four"),
        http.put(
            upload.url.replace("signature=", "signature=0"), content=b"four", headers=upload.headers
        ),
        http.get(upload.url),
        http.put(upload.url.split("?")[0], content=b"four", headers=upload.headers),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 403]


def test_bytes_may_arrive_in_pieces_of_unknown_number(client: Luma, tiny: Path) -> None:
    data = tiny.read_bytes()
    created = client.files.create(mime_type="video/mp4", size_bytes=len(data))

    pieces = (data[at : at + 1000] for at in range(0, len(data), 1000))
    answer = http.put(created.upload.url, content=pieces, headers=created.upload.headers)

    assert answer.status_code == 200
    assert client.files.complete(created.id).state in ("pending", "ready")


def test_completing_before_the_bytes_are_there_is_refused(client: Luma) -> None:
    created = client.files.create(mime_type="video/mp4", size_bytes=4)

    with pytest.raises(luma_agents.BadRequestError):
        client.files.complete(created.id)


def test_completing_twice_changes_nothing(client: Luma, uploaded: str) -> None:
    assert client.files.complete(uploaded).state == "ready"


def test_a_file_past_its_own_time_is_gone(client: Luma) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)

    created = client.files.create(mime_type="video/mp4", size_bytes=4, expires_at=past)

    assert client.files.get(created.id).state == "deleted"


def test_a_file_that_is_not_ready_cannot_be_edited(client: Luma) -> None:
    created = client.files.create(mime_type="video/mp4", size_bytes=4)

    with pytest.raises(luma_agents.UnprocessableEntityError, match="source: file is not ready"):
        edit(client, created.id)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "state=old", "purpose=fun", "cursor=!!"]
)
def test_an_odd_list_is_refused(simulator: SimulatorProcess, query: str) -> None:
    url = f"{simulator.url}/luma-agents/v1/files?{query}"

    answer = http.get(url, headers={"Authorization": "Bearer luma-api-test-0001"})

    assert answer.status_code == 400 and answer.json()["detail"]


def test_an_unknown_file_is_not_found(client: Luma) -> None:
    for call in (client.files.get, client.files.complete, client.files.delete):
        with pytest.raises(luma_agents.NotFoundError):
            call("7c1f8a52-0000-4000-8000-000000000000")


def test_a_picture_can_be_uploaded_and_guides_an_edit(
    client: Luma, uploaded: str, real_media: Path
) -> None:
    picture = upload(client, real_media / "rocket.jpg", mime_type="image/jpeg")

    generation = edit(client, uploaded, start_frame={"file_id": picture})

    assert generation.state == "queued"
