"""What Luma publishes of its prices, dated.

Section 6 of docs/providers/luma-agents.md. Pre-release rates that
may change: read from restatements of Luma's own table that agree with each other. HDR edits at 360p
and 540p are listed too, but cannot be ordered (rule E14), so they are left out.
"""

from datetime import date

from editorapp.providers.contract import Task
from editorapp.providers.prices import EXTEND, Counted, Prices, key, table
from editorapp.providers.shared_models import RAY

OCTOBER, JULY = date(2026, 10, 8), date(2026, 7, 10)

PRICES: Prices = {
    key(Task.GENERATE, RAY): table(
        Counted.DURATION,
        ("5s", "10s"),
        as_of=OCTOBER,
        source="integration 2026-10-08, skill 2026-07-10, runware, comfyui",
        sdr={"360p": "0.06 0.18", "540p": "0.15 0.45", "720p": "0.30 0.90", "1080p": "1.20 3.60"},
        hdr={"720p": "0.60", "1080p": "2.40"},
        hdr_exr={"720p": "0.90", "1080p": "3.60"},
    ),
    key(Task.EDIT, RAY): table(
        Counted.LENGTH,
        ("5s", "10s"),
        as_of=OCTOBER,
        source="integration 2026-10-08, skill 2026-07-10, fal, runware, comfyui",
        sdr={"360p": "0.54 1.08", "540p": "0.72 1.44", "720p": "1.08 2.16", "1080p": "2.16 4.32"},
        hdr={"720p": "2.16 4.32", "1080p": "4.32 8.64"},
        hdr_exr={"720p": "3.24 6.48", "1080p": "6.48 12.96"},
    ),
    key(Task.REFRAME, RAY): table(
        Counted.BLOCKS,
        ("1s",),
        as_of=JULY,
        source="skill 2026-07-10, fal, runware, comfyui",
        sdr={"360p": "0.03", "540p": "0.06", "720p": "0.12", "1080p": "0.36"},
    ),
    key(EXTEND, RAY): table(
        Counted.DURATION,
        ("5s",),
        as_of=OCTOBER,
        source="integration 2026-10-08, skill 2026-07-10, runware",
        sdr={"540p": "0.15", "720p": "0.30", "1080p": "1.20"},
    ),
}
