"""A provider that misbehaves in every way that we know of: each take ends in a state, a ledger
line, a sentence.
"""

import asyncio
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unicodedata import category

import av
import numpy as np
import pytest
from django.core.management import call_command
from PIL import Image

from editorapp.core import retry
from editorapp.core.retry import RetryPolicy
from editorapp.generations.checks import books
from editorapp.generations.engine import dispatcher, sweep
from editorapp.generations.files import download, staging, store_result
from editorapp.generations.models import Attempt, Generation
from editorapp.media import intake
from editorapp.providers import shared_calls
from editorapp.providers.http import session
from tests.factories import make_member
from tests.generations.drive import Clock
from tests.generations.small_clip import draw
from tests.hostile.observe import KEY, Seen, observe
from tests.hostile.row import LINK, End, Row
from tests.hostile.server import serving
from tests.hostile.table import ROWS
from tests.hostile.wires import CLIP, SECRET, WIRES, Wire

# All rows are run at once, before the first is looked at: minutes on a machine that does more.
pytestmark = pytest.mark.timeout(900)
# For an answer that never comes. A paid call that is only slow must not look like one: nobody repeats
# it. All silent ones of a group are made at once.
PATIENCE_SECONDS, PAID_SECONDS = 0.6, 5.0
# `make hostile`: each row at every wire. Else one stands for the others where they share the code
# that meets a row.
EVERY_WIRE = bool(os.environ.get("RUSHES_TEST_EVERY_WIRE"))
MOST_TRIES = 4  # in a row, of what is run with one wire: rows go well after three
SHOWN = (
    "failed, with",
    "refused with half",
    "a link of half",
    "a price that is a text",
    "not taken, with",
)
PATIENT = [
    (dispatcher, "POST_SECONDS", PAID_SECONDS),
    (dispatcher, "POLL_SECONDS", PATIENCE_SECONDS),
    (session, "FREE_DEADLINE_SECONDS", PATIENCE_SECONDS),
    (download, "TIMEOUT", PATIENCE_SECONDS),
    (download, "TOTAL_SECONDS", PATIENCE_SECONDS),
]
GROUPS = [(wire.slug, is_silent) for wire in WIRES for is_silent in (False, True)]


def rows_of(slug: str, is_silent: bool) -> list[Row]:
    """Return the rows that are run at a wire: those of its own, and its share of those that one
    wire stands for.
    """
    found = []
    for number, row in enumerate(ROWS):
        chosen = (
            row.wires if EVERY_WIRE or not row.is_common else [row.wires[number % len(row.wires)]]
        )
        if row.is_silent == is_silent and slug in chosen:
            found.append(row)
    return found


def sooner(policy: RetryPolicy) -> RetryPolicy:
    """Return a policy that ends after fewer tries; how many each has is tested elsewhere
    (test_retry_policies.py).
    """
    return replace(policy, tries=min(policy.tries, MOST_TRIES))


def wire_of(slug: str) -> Wire:
    return next(wire for wire in WIRES if wire.slug == slug)


class Hurried:
    """asyncio, in which no pause takes its time: the engine's clock is ahead anyway."""

    def __getattr__(self, name: str) -> object:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture(scope="module")
def seen(
    request, django_db_setup, django_db_blocker, tmp_path_factory
) -> Iterator[dict[str, Seen]]:
    """What came of the rows of one group: they are all run at once, before the first of them is
    looked at.
    """
    slug, is_silent = request.param
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "TURN_SECONDS", 0.01)
        patch.setattr(store_result, "VIDEO_BYTES", 3_000_000)
        # what fails in all its tries is given up
        patch.setattr(Attempt, "kept_until", lambda _attempt, now: now)
        if not EVERY_WIRE:
            patch.setattr(
                retry, "POLICIES", {name: sooner(policy) for name, policy in retry.POLICIES.items()}
            )
        for room in (download, staging, shared_calls):
            patch.setattr(room, "asyncio", Hurried())
        for room, name, seconds in PATIENT if is_silent else ():
            patch.setattr(room, name, seconds)
        try:
            yield _observed(
                wire_of(slug), rows_of(slug, is_silent), tmp_path_factory.mktemp("files")
            )
        finally:
            call_command("flush", verbosity=0, interactive=False)


def _observed(wire: Wire, rows: list[Row], folder: Path) -> dict[str, Seen]:
    member, clock = make_member(), Clock()
    Image.new("RGB", (320, 180), "teal").save(folder / "guide.png")
    ours = {"team": member.team, "user": member.user}
    clip = intake.take_in(
        draw(folder / "clip.mp4", frames=120, width=64, height=36, shade=9), name="clip.mp4", **ours
    )
    picture = intake.take_in(folder / "guide.png", name="guide.png", **ours)
    files = files_at_the_provider(folder)
    with serving(clock) as server:
        found = observe(rows, wire, server, member, clip, picture, clock, files)
        assert server.strangers == 0
    assert books.differences() == []
    return found


def files_at_the_provider(folder: Path) -> dict[str, bytes]:
    """Return what lies at each provider, by name: the clip, and what may be named beside it or in
    its place.
    """
    five_seconds = {"frames": 120, "width": 64, "height": 36}
    clip = draw(folder / CLIP, **five_seconds).read_bytes()
    Image.new("RGB", (64, 36), "navy").save(folder / "poster.png")
    with zipfile.ZipFile(folder / "frames.zip", "w") as archive:
        archive.writestr("notes.txt", "no frames")
    sound = draw_sound(folder / "sound.m4a").read_bytes()
    return {
        CLIP: clip,
        "other.mp4": draw(folder / "other.mp4", shade=90, **five_seconds).read_bytes(),
        "preview.mp4": draw(folder / "preview.mp4", shade=60, **five_seconds).read_bytes(),
        "short.mp4": draw(folder / "short.mp4", frames=12, width=64, height=36).read_bytes(),
        "broken.mp4": clip[:200] + bytes(len(clip) - 200),
        "poster.png": (folder / "poster.png").read_bytes(),
        "sound.m4a": sound,
        "frames.zip": (folder / "frames.zip").read_bytes(),
    }


def draw_sound(path: Path) -> Path:
    """Write a second of silence, and no picture."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 44100
        for _ in range(43):
            frame.pts = None
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seen", "row"),
    [
        pytest.param(group, row, id=f"{group[0]}: {row.id}")
        for group in GROUPS
        for row in rows_of(*group)
    ],
    indirect=["seen"],
    scope="module",  # or each row would run its whole group anew
)
def test_each_take_ends_in_a_state_a_line_and_a_sentence(seen, request, client, row):
    wire = wire_of(request.node.callspec.params["seen"][0])
    one, end = seen[row.id], row.ends_at(wire.slug)

    assert differences(one, end, row, call=wire.link if row.where == LINK else row.where) == []
    if row.name.startswith(SHOWN):  # a page takes as long as ten other rows
        client.force_login(Generation.objects.get(pk=one.take).created_by)
        assert SECRET not in client.get(f"/takes/{one.take}").content.decode()


def differences(seen: Seen, end: End, row: Row, *, call: str) -> list[str]:
    """Return what came of a row and should not have, as sentences."""
    found = []

    def compare(what: str, came: object, wanted: object, is_right: bool | None = None) -> None:
        if not (came == wanted if is_right is None else is_right):
            found.append(f"{what}: {came} instead of {wanted}. It says: {seen.message[:300]}")

    compare("state and lines", (seen.state, *seen.lines), (end.state, *end.lines))
    compare("alerts", set(seen.alerts), set(end.alerts))
    compare("words", seen.message, end.says, end.says in seen.message)
    compare("paid posts", seen.calls.get("submit", 0), end.posts)
    compare(
        "calls",
        seen.calls.get(call, 0),
        end.most,
        1 <= seen.calls.get(call, 0) <= max(end.most, end.posts),
    )
    compare("slots held", seen.slots_held, 0)
    for said in (seen.message, *seen.alerts.values()):
        compare("printable words", repr(said), "such", is_words(said) and len(said) < 2000)
        compare("secrets", said, "none", KEY not in said and SECRET not in said)
    if row.wait is not None:
        least, most = row.wait
        compare(
            "meant to wait",
            seen.waits_seconds,
            row.wait,
            least <= (seen.waits_seconds or 0.0) <= most + 5,
        )
        times = seen.at[call]
        if len(times) > 1:
            compare(
                "waited",
                times[1] - times[0],
                row.wait,
                (times[1] - times[0]).total_seconds() >= least,
            )
    return found


def is_words(said: str) -> bool:
    """Can this be encoded, stored anywhere and shown on one line, in the direction in which it is
    read?
    """
    return not any(
        category(letter) in ("Cc", "Cs") or letter in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
        for letter in said
    )
