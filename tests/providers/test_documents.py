"""What the documents say of the answers, as data: it holds all that the official SDKs know, and
reads forms rightly.
"""

import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import luma_agents.types as luma
import pydantic
import pytest
from scenario_sdk.types import (
    AssetRetrieveResponse,
    GenerateRunModelResponse,
    JobRetrieveResponse,
    ModelRetrieveResponse,
    OscuRetrievePricesResponse,
    UploadCreateResponse,
)

from editorapp.providers import registry
from editorapp.providers.documents.compare import DifferenceKind, compare
from editorapp.providers.documents.language import Documents, Form, Shape
from editorapp.providers.documents.link_lifetimes import seconds_left
from editorapp.providers.http.recording import LINK, Exchange

AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
# The SDK's type of an answer -> provider and the call that it belongs to.
SDK_TYPES: list[tuple[Any, str, str]] = [
    (luma.Generation, "luma-agents", "poll"),
    (luma.File, "luma-agents", "file"),
    (luma.CreateFileResponse, "luma-agents", "begin of an upload"),
    (luma.FileList, "luma-agents", "list of files"),
    (JobRetrieveResponse, "scenario", "poll"),
    (AssetRetrieveResponse, "scenario", "asset"),
    (GenerateRunModelResponse, "scenario", "submit"),
    (ModelRetrieveResponse, "scenario", "model"),
    (OscuRetrievePricesResponse, "scenario", "prices of units"),
    (UploadCreateResponse, "scenario", "begin of an upload"),
]


def documents(slug: str) -> Documents:
    return registry.get(slug).DOCUMENTS


def shape_of(slug: str, call: str) -> Shape:
    return next(one.shape for one in documents(slug).calls if one.name == call)


def unlike(model: Any, shape: Shape, place: str = "") -> Iterator[str]:
    """Yield where a type of the SDK and our shape do not have the same fields, or ask for them
    otherwise.
    """
    for part in typing.get_args(model):
        if shape.form is Form.LIST and shape.of is not None:
            yield from unlike(part, shape.of, f"{place}[]")
        else:
            yield from unlike(part, shape, place)
    if (
        not (isinstance(model, type) and issubclass(model, pydantic.BaseModel))
        or shape.form is not Form.OBJECT
    ):
        return
    for name, field in model.model_fields.items():
        wire = field.alias or name
        ours = shape.must.get(wire) or shape.may.get(wire)
        if ours is None:
            if not shape.is_open:
                yield f"{place}.{wire} is in the SDK only"
            continue
        if wire in shape.must and not field.is_required():
            yield f"{place}.{wire} need not be there"
        yield from unlike(field.annotation, ours, f"{place}.{wire}")


@pytest.mark.parametrize(
    ("model", "slug", "call"), SDK_TYPES, ids=[f"{slug} {call}" for _m, slug, call in SDK_TYPES]
)
def test_every_field_of_the_official_types_is_documented_and_none_is_asked_for_that_may_be_missing(
    model, slug, call
):
    assert list(unlike(model, shape_of(slug, call))) == []


@pytest.mark.parametrize("slug", registry.slugs())
def test_each_provider_says_how_it_answers_and_where_that_stands(slug: str):
    said = documents(slug)

    assert None in said.refusals and {"submit", "poll"} <= {call.name for call in said.calls}
    assert all(call.source for call in said.calls)


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        (
            "https://s3.example.org/a.mp4?X-Amz-Date=20261129T115500Z&X-Amz-Expires=3600&X-Amz-Signature=ab",
            3300,
        ),
        (
            "https://storage.googleapis.com/a.mp4?X-Goog-Date=20261129T120000Z&X-Goog-Expires=899",
            899,
        ),
        ("https://blob.example.org/a.mp4?se=2026-11-29T13%3A00%3A00Z&sig=ab", 3600),
        ("https://cdn.example.org/a.mp4?Expires=1796040060&Signature=ab", 60),
        ("https://cdn.example.org/a.mp4", None),
        ("https://cdn.example.org/a.mp4?expires=soon", None),
        ("https://cdn.example.org/a.mp4?Policy=nonsense", None),
        ("https://cdn.example.org/a.mp4?X-Amz-Date=yesterday&X-Amz-Expires=1", None),
    ],
)
def test_the_lifetime_of_a_link_is_read_from_every_kind_of_signature(
    url: str, seconds: float | None
):
    assert int(datetime(2026, 11, 29, 12, 1, tzinfo=UTC).timestamp()) == 1795953660
    left = seconds_left(url.replace("1796040060", "1795953660"), AT)

    assert left == seconds


def test_a_link_that_says_nothing_is_judged_by_its_answers_own_header():
    assert (
        seconds_left("https://cdn.example.org/a", AT, {"Expires": "Sun, 29 Nov 2026 12:10:00 GMT"})
        == 600
    )
    assert seconds_left("https://cdn.example.org/a", AT, {"Expires": "0"}) is None


def exchange(
    status: int, content: bytes, *, method: str = "GET", path: str = "/files", **headers: str
) -> Exchange:
    usual = {"Content-Type": "application/json", "X-Request-Id": "1", "X-API-Version": "2026-04-01"}
    said = httpx.Headers(usual | {name.replace("_", "-"): value for name, value in headers.items()})
    return Exchange(method, path, status, said, content, AT)


def test_a_refusal_is_held_against_its_own_shape_and_headers():
    said = documents("luma-agents")

    good = compare(said, exchange(429, b'{"detail": "Rate limit exceeded"}', Retry_After="7"))
    late = compare(said, exchange(429, b'{"detail": "Rate limit exceeded"}', Retry_After="soon"))
    html = compare(said, exchange(502, b"<h1>Bad gateway</h1>", Content_Type="text/html"))

    assert good is not None and good.differences == []
    assert late is not None and [(one.kind, one.place) for one in late.differences] == [
        (DifferenceKind.HEADER_FORM, "Retry-After")
    ]
    assert html is not None and {one.kind for one in html.differences} == {
        DifferenceKind.CONTENT_TYPE,
        DifferenceKind.REFUSAL,
    }


def test_hosts_of_links_count_only_where_the_provider_itself_is_reached():
    said = documents("gmi-cloud")
    link = Exchange(
        "GET",
        LINK,
        200,
        httpx.Headers({"Content-Type": "video/mp4"}),
        b"",
        AT,
        url="https://a.example/b",
    )

    there, elsewhere = compare(said, link), compare(said, link, knows_hosts=False)

    assert there is not None and [one.kind for one in there.differences] == [DifferenceKind.HOST]
    assert elsewhere is not None and elsewhere.differences == []


def test_a_call_that_nobody_documents_is_compared_with_nothing():
    assert compare(documents("luma-agents"), exchange(200, b"{}", path="/usage")) is None
