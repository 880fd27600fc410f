"""Drafts for GMI Cloud that its tests share."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref

CLIP = MediaFacts(
    "video",
    "mp4",
    "h264",
    1280,
    720,
    1_000_000,
    fps=Fraction(24),
    frame_count=120,
    duration_seconds=Decimal(5),
)
EARLIER = Ref(generation_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21")
GUIDE = Ref(asset_id=2, media_type="image/png")


def edit(**said: Any) -> GenerationRequest:
    return GenerationRequest(**({"prompt": "Rainy neon evening", "source": Ref(asset_id=1)} | said))


def generate(**said: Any) -> GenerationRequest:
    return GenerationRequest(**({"task": "generate", "prompt": "A kite"} | said))
