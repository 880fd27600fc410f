"""A provider without a price list, for tests: Luma's rows, and a `quote` that says what a test lets
it say.
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from editorapp.providers.contract import GenerationRequest, Quote, Ref
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.spec import Spec
from editorapp.providers.vendors.luma_agents import SPEC as LUMA
from editorapp.providers.vendors.luma_agents import decode, encode, endpoint, ping, poll, submit

__all__ = ["SPEC", "decode", "encode", "endpoint", "ping", "poll", "quote", "stage", "submit"]

SPEC = replace(
    LUMA,
    slug="told",
    name="Told",
    base_url="https://told.example.org/v1",
    base_url_name="TOLD_BASE_URL",
    credentials=("TOLD_KEY",),
    models=tuple(replace(model, is_priced_by_asking=True) for model in LUMA.models),
)

says: list[Quote | Exception] = []  # its next answers
asked: list[tuple[GenerationRequest, Decimal | None]] = []
staged: list[Path] = []


async def stage(
    path: Path, *, name: str, media_type: str, purpose: str, session: ProviderSession
) -> Ref:
    staged.append(path)
    return Ref(file_id=f"file-{len(staged)}", media_type=media_type)


async def quote(
    wanted: GenerationRequest,
    *,
    seconds: Decimal | None,
    session: ProviderSession,
    spec: Spec = SPEC,
) -> Quote:
    asked.append((wanted, seconds))
    said: Any = says.pop(0) if says else Quote(Decimal("0.42"), Decimal("0.42"), "42 CU at $0.01")
    if isinstance(said, Exception):
        raise said
    return said  # type: ignore[no-any-return]
