"""Manifest: how each take came about, as JSON: what was asked, sent and answered, what it cost, what people
said, what it was made from, and the hash of each file.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from editorapp.exports.chosen import ChosenTake
from editorapp.exports.notes import TakeNote
from editorapp.exports.papers import TakePapers, shown_body
from editorapp.exports.provenance.ai_mark import mark_of
from editorapp.generations.models import Attempt, Generation
from editorapp.media.models import Asset

FORMAT = "rushes-manifest/1"
JsonObject = dict[str, Any]


def manifest(
    chosen: Sequence[ChosenTake],
    papers: Mapping[int, TakePapers],
    *,
    by: str,
    now: datetime,
    files: Mapping[int, Sequence[JsonObject]] | None = None,
) -> JsonObject:
    """Return the manifest of chosen takes.

    `files`: of each take, by its id, the files that lie beside the manifest; where none do, the
    stored ones are told. Prices stand only at those takes whose price may be seen.
    """
    return {
        "format": FORMAT,
        "made_at": _at(now),
        "made_by": by,
        "takes": [
            _take(one, papers[one.take.pk])
            | {"files": list(files[one.take.pk]) if files is not None else stored_files(one.take)}
            for one in chosen
        ],
    }


def written(told: JsonObject) -> str:
    """Return a manifest as text."""
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def stored_files(take: Generation) -> list[JsonObject]:
    """Return the files that are kept of a take, as they came from the provider."""
    kept = {"result": take.result, "exr": take.exr, "as it came": take.came}
    return [_stored(what, asset) for what, asset in kept.items() if asset is not None]


def _stored(what: str, asset: Asset) -> JsonObject:
    return {"what": what, "stored_sha256": asset.sha256, "stored_bytes": asset.size_bytes}


def _take(one: ChosenTake, papers: TakePapers) -> JsonObject:
    take = one.take
    return {
        "number": take.pk,
        "name": one.stem,
        "made_at": _at(take.created_at),
        "finished_at": _at(take.finished_at),
        "made_by": str(take.created_by),
        "state": take.state,
        "is_simulated": take.is_simulated,
        "provider": take.provider,
        "account": str(take.account),
        "model": take.model,
        "task": take.task,
        "prompt": take.prompt,
        "request": shown_body(take.request),
        "source": _source(take),
        "pictures": [{"field": name, **_asset(asset)} for name, asset in papers.pictures],
        "lineage": list(papers.line),
        "digital_source_type": mark_of(take).source_type.url,
        "attempts": [_attempt(attempt) for attempt in papers.attempts],
        "answer": {
            "result": _result(take.result),
            "also_named": take.extras,
            "chain_id": take.chain_id,
            "warning": take.warning,
            "failure": take.failure_message,
        },
        "price": _price(take, papers) if one.sees_price else None,
        "review": take.review or "none",
        "notes": [_note(note) for note in one.notes],
    }


def _source(take: Generation) -> JsonObject | None:
    source = take.made_from
    if source is None:
        return None
    of_take = take.parent_id if take.source_asset_id is None else None
    return {**_asset(source), "take": of_take}


def _asset(asset: Asset) -> JsonObject:
    return {"name": asset.name, "sha256": asset.sha256, "bytes": asset.size_bytes}


def _result(asset: Asset | None) -> JsonObject | None:
    if asset is None:
        return None
    return {
        "sha256": asset.sha256,
        "bytes": asset.size_bytes,
        "width": asset.width,
        "height": asset.height,
        "fps": str(asset.fps) if asset.fps else None,
        "frames": asset.frame_count,
        "codec": asset.codec,
        "hdr": asset.hdr_transfer or None,
    }


def _attempt(attempt: Attempt) -> JsonObject:
    return {
        "number": attempt.number,
        "state": attempt.state,
        "account": str(attempt.account),
        "job_id": attempt.provider_job_id,
        "idempotency_key": str(attempt.idempotency_key),
        "queued_at": _at(attempt.created_at),
        "sent_at": _at(attempt.submit_started_at),
        "accepted_at": _at(attempt.submitted_at),
        "done_at": _at(attempt.provider_done_at),
        "recorded_at": _at(attempt.recorded_at),
        "sent": shown_body(attempt.request_body),
        "sent_sha256": attempt.request_sha256,
        "last_error": attempt.last_error,
    }


def _price(take: Generation, papers: TakePapers) -> JsonObject:
    return {
        "currency": "USD",
        "is_simulated": take.is_simulated,
        "estimate_low": _money(take.estimate_low_usd),
        "estimate_high": _money(take.estimate_high_usd),
        "basis": take.estimate_basis,
        "charged": _money(papers.charged_usd),
        "is_estimated": take.cost_is_estimated,
        "lines": [
            {
                "at": _at(line.at),
                "kind": line.kind,
                "amount": _money(line.amount_usd),
                "is_estimated": line.is_estimated,
                "note": line.note,
            }
            for line in papers.lines
        ],
    }


def _note(note: TakeNote) -> JsonObject:
    return {
        "author": note.author,
        "at": _at(note.at),
        "words": note.words,
        "first_frame": note.first_frame,
        "last_frame": note.last_frame,
        "is_resolved": note.is_resolved,
        "has_drawing": note.has_drawing,
    }


def _at(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


def _money(amount: Decimal | None) -> str | None:
    """Write an amount exactly: as a number of JSON it would be rounded by whoever reads it."""
    return None if amount is None else f"{amount:f}"
