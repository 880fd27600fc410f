"""Error mapping: a provider's answers outside 2xx as errors, by what the caller may do next."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from editorapp.core.sanitizing import clean_text
from editorapp.providers.contract import (
    BadCredentials,
    NotFound,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
    UploadRefused,
)
from editorapp.providers.http.response_body import json_in, without_key
from editorapp.providers.http.retry_after import wait_asked, wait_of
from editorapp.providers.http.typed_readers import items, mapping

LONGEST_DETAIL = 400
LONGEST_LOOKED_AT = 4_000  # characters of an error's text that are looked at
# Answers to a POST that can also mean "done, look there" or "done before"; Luma documents none of
# them.
UNCLEAR = frozenset({300, 302, 303, 304, 409})
CONCURRENCY = "concurrency"  # code of a Throttled: all job slots are taken
RATE = "rate"  # code of a Throttled: too many requests in the window
UPLOAD_REFUSED = "upload_refused"  # code of an UploadRefused
AGAIN = frozenset({408, 425})  # below 500, and yet a problem of the other side


# What a provider's module knows of its own error answers; None where they mean what their status
# says.
# the answer, and is it that to the paid POST?
Explain = Callable[[httpx.Response, bool], ProviderError | None]


def raise_for(
    response: httpx.Response,
    *,
    name: str,
    secret: str,
    is_paid: bool = False,
    explain: Explain | None = None,
) -> None:
    """Raise what an answer outside 2xx means; the paid POST is never said to have failed unless
    that is certain.

    Whatever it means, it says how long the provider asks to be left alone.
    """
    if response.is_success:
        return
    error = explain(response, is_paid) if explain is not None else None
    if error is None:
        error = _error(response, name=name, secret=secret, is_paid=is_paid)
    if error.retry_after_seconds is None:
        error.retry_after_seconds = wait_asked(response.headers)
    raise error


# What a status means, whichever call it answers.
_MEANINGS: dict[int, tuple[type[ProviderError], str]] = {
    401: (
        BadCredentials,
        "{name} does not accept the key{because}. An admin can set another.",
    ),
    402: (OutOfFunds, "The account at {name} is out of funds{because}."),
    403: (BadCredentials, "{name} does not let this account in{because}."),
}


def _error(
    response: httpx.Response,
    *,
    name: str,
    secret: str,
    is_paid: bool,
) -> ProviderError:
    status = response.status_code
    detail = detail_of(response, secret=secret)
    if status == 429:
        return _throttled(response, detail, name=name)
    because = f": {detail.rstrip('.')}" if detail else f" (HTTP {status})"
    kind, says = _MEANINGS.get(status) or _meaning(status, is_paid)
    return kind(says.format(name=name, because=because, status=status), code=str(status))


def _meaning(status: int, is_paid: bool) -> tuple[type[ProviderError], str]:
    if status == 404 and not is_paid:
        return NotFound, "{name} does not know it{because}."
    if _is_trouble(status):
        if is_paid:
            return OutcomeUnknown, "{name} had a problem{because}. It may have taken the request."
        return Unavailable, "{name} has a problem{because}."
    if is_paid and status in UNCLEAR:
        says = "{name} gave an answer that leaves open whether it took the request{because}."
        return OutcomeUnknown, says
    if status < 400:
        return Rejected, "{name} answers at another address (HTTP {status}): check the base URL."
    return Rejected, "{name} refused this{because}."


def _is_trouble(status: int) -> bool:
    return status >= 500 or status in AGAIN or status < 200


def _throttled(response: httpx.Response, detail: str, *, name: str) -> Throttled:
    code, says = _why_throttled(detail)
    return Throttled(
        f"{name} {says}; this is sent again by itself.",
        code=code,
        retry_after_seconds=wait_of(response),
    )


def _why_throttled(detail: str) -> tuple[str, str]:
    if "concurrent" in detail.lower():
        return CONCURRENCY, "is working on as many jobs as it takes at once"
    return RATE, "takes no more requests just now"


def raise_for_upload(response: httpx.Response, *, name: str, size: int) -> None:
    """Raise what a storage's answer to an upload means, outside 2xx.

    Its own words are not told: they are XML.

    Raises: UploadRefused, when the same address would refuse it again; Throttled, Unavailable.
    """
    status = response.status_code
    if response.is_success:
        return
    if status == 429:
        raise Throttled(
            f"The storage of {name} takes no more uploads just now.",
            retry_after_seconds=wait_of(response),
        )
    wait = wait_asked(response.headers)  # who says when to come again does not refuse for good
    if status >= 500 or status < 300 or status in AGAIN or wait is not None:
        said = f"{name} did not take the upload (HTTP {status})."
        raise Unavailable(said, code=str(status), retry_after_seconds=wait)
    raise UploadRefused(_upload_refused(status, name, size), code=UPLOAD_REFUSED)


# What a storage's refusal means, by its status.
_UPLOAD_REFUSALS = {
    413: "does not take a file of {size:,} bytes (HTTP 413): make it smaller, or shorter.",
    **dict.fromkeys(
        (400, 415, 422),
        "does not take this file (HTTP {status}): export it anew, best as an H.264 MP4.",
    ),
}


def _upload_refused(status: int, name: str, size: int) -> str:
    says = _UPLOAD_REFUSALS.get(status, "refuses the upload (HTTP {status}).")
    return f"The storage of {name} " + says.format(status=status, size=size)


def detail_of(response: httpx.Response, *, secret: str = "") -> str:
    """Return the provider's own words about an error: one line, bounded, without the key; "" where
    there are none.

    They are JSON, or plain text (docs/providers/scenario.md, 5). A page of HTML says nothing to
    anybody.
    """
    body = _object_or_text_in(response)
    return said_in({"message": body} if isinstance(body, str) else body, secret=secret)


def _object_or_text_in(response: httpx.Response) -> Any:
    body = json_in(response)
    if body is None and _is_plain_text(response):
        body = clean_text(response.text[:LONGEST_LOOKED_AT])
    return body


def _is_plain_text(response: httpx.Response) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/plain")


def said_in(body: Any, *, secret: str = "") -> str:
    """Return what a JSON answer says of an error: one line, bounded, without the key; "" where it
    says nothing.

    It is text or an object under `error`, in an `outcome` (GMI), or under `message`, `reason`
    (Scenario) or `detail`
    (Luma); a list of schema errors becomes "field: message; ...". A sentence is preferred to a lone
    code word.
    Source: docs/providers/gmi-cloud.md, section 5, for the order.
    """
    found = _most_telling(_texts_in(mapping(body)))
    return _cut(without_key(_on_one_line(found[:LONGEST_LOOKED_AT]), secret))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"


def _most_telling(texts: list[str]) -> str:
    sentences = (text for text in texts if " " in text)
    return next(sentences, texts[0] if texts else "")


def _texts_in(body: Mapping[str, Any]) -> list[str]:
    outcome = mapping(body.get("outcome"))
    places = (
        body.get("error"),
        outcome.get("error"),
        outcome.get("error_code"),
        body.get("message"),
        body.get("reason"),
        body.get("detail"),
    )
    return [text for place in places if (text := _text_of(place))]


def _text_of(found: Any) -> str:
    if isinstance(found, list):
        return "; ".join(filter(None, map(_schema_error, found)))
    if isinstance(found, dict):
        found = found.get("message") or found.get("detail") or ""
    return str(found or "")


def _schema_error(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    return f"{_place_in(item)}: {item.get('msg', '')}".strip(": ")


def _place_in(schema_error: Mapping[str, Any]) -> str:
    parts = items(schema_error.get("loc"))
    return ".".join(str(part) for part in parts if part != "body")


def _on_one_line(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())
