"""The counter names the frame that the browser shows, which is the one that a still of that number
is of.

In Chromium, on clips that start late, last unevenly, hide frames or come in fragments, as they are
and as copies for viewing. RUSHES_ALL_FRAMES=1 looks at every frame of every clip and every copy
(minutes); without it at some frames, of clips that show each kind.
"""

import os
import shutil
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.video.reformatter import Interpolation
from PIL import Image
from playwright.sync_api import Page, expect

from editorapp.generations.states import State
from editorapp.media import layout, store, tasks
from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.frame_times import frame_times
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from tests.browser import PATIENCE_MS
from tests.environment import MEDIA
from tests.factories import make_generation
from tests.media.clips import make_clip, number_on
from tests.media.test_probe import CASES, VARYING
from tests.taken_in import take_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
WHOLE = bool(os.environ.get("RUSHES_ALL_FRAMES"))
WIDTH, HEIGHT = 160, 90
NO_BROWSER = {".ts", ".avi"}  # plays these as they are
# Each shows a kind of its own; a copy is made where none of the clips below has one of that kind.
ODD = {
    ("test_non_zero_start.mp4", "original"),
    ("edit_list_positive_shift.mp4", "original"),
    ("sample_sef_slow_motion.mp4", "original"),
    ("cursed-vfr.mp4", "original"),
    ("cursed-vfr.mp4", "copy"),
    ("sample_h264.ts", "copy"),
    ("sample-with-large-length.avi", "copy"),
    ("water_180_mvhevc_5frames.mov", "copy"),
    ("frog_vp9_8s.webm", "original"),
}
FILES = sorted(
    path for path in MEDIA.glob("**/*.*") if path.suffix in {".mp4", ".mov", ".webm", *NO_BROWSER}
)
REAL = [
    pytest.param(path, what, id=f"{path.name}-{what}")
    for path in FILES
    for what in ("original", "copy")
    if (WHOLE and not (what == "original" and path.suffix in NO_BROWSER))
    or (path.name, what) in ODD
]
MADE = (
    "b-frames.mp4",
    "edit-list.mp4",
    "fragments.mp4",
    "varying.mp4",
    "varying.mkv",
    "b-frames.ts",
    "vp9.webm",
    "turned-90.mp4",
    "one-frame.mp4",
)
LATE = CASES["late-start.mp4"].made
SOUND = {"vp9.webm", "varying.mkv", "b-frames.ts"}
# Go to frames one after the other; say of each what the counter says, when the browser says that it
# is shown, and what the picture is, as bytes of RGB.
LOOK = """async ([frames, width, height, patience]) => {
    const box = document.querySelector("[data-stage]");
    const player = window.rushes.stage.of(box);
    const video = player.video;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const within = (ms, made) => Promise.race([new Promise(made), new Promise((done) => setTimeout(done, ms))]);
    await player.clock.ready;
    if (video.readyState < 2) await within(patience, (done) => video.addEventListener("loadeddata", done));
    const found = [];
    let moment = null;
    const mark = (_now, data) => {
        moment = data.mediaTime;
        video.requestVideoFrameCallback(mark);
    };
    video.requestVideoFrameCallback(mark);
    for (const frame of frames) {
        player.seek(frame);
        await player.settled();
        pen.drawImage(video, 0, 0, width, height);
        const { data } = pen.getImageData(0, 0, width, height);
        let text = "";
        for (let at = 0; at < data.length; at += 4) text += String.fromCharCode(data[at], data[at + 1], data[at + 2]);
        found.push([Number(box.querySelector("[data-frame]").textContent), moment, btoa(text)]);
    }
    return found;
}"""

# Play a clip once, slowly: the same of each frame that comes.
PLAY = """async ([width, height]) => {
    const box = document.querySelector("[data-stage]");
    const stage = window.rushes.stage.of(box);
    const { video, clock } = stage;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const found = [];
    await clock.ready;
    const keep = (_now, data) => {
        const moment = data.mediaTime;
        pen.drawImage(video, 0, 0, width, height);
        const pixels = pen.getImageData(0, 0, width, height).data;
        let text = "";
        for (let at = 0; at < pixels.length; at += 4) text += String.fromCharCode(...pixels.slice(at, at + 3));
        found.push([Number(box.querySelector("[data-frame]").textContent), moment, btoa(text)]);
        video.requestVideoFrameCallback(keep);
    };
    video.requestVideoFrameCallback(keep);
    const done = new Promise((is) => {
        box.addEventListener("rushes:playing", (event) => { if (!event.detail.is) is(); });
    });
    stage.setLoop(false);
    stage.setSound({ isMuted: true });
    stage.setRate(0.25);
    stage.play();
    await done;
    return found;
}"""


@dataclass(frozen=True)
class Seen:
    """What the counter said, the picture beside it, and from when on the browser shows that (None:
    it did not say).
    """

    counter: int
    moment: float | None
    picture: np.ndarray


@pytest.fixture
def keep(creator: Member, tmp_path: Path) -> Callable[..., Asset]:
    """Take a clip in, with its copy for viewing where it needs one."""

    def kept(clip: Path, *, copy: bool = False) -> Asset:
        own = tmp_path / f"own-{clip.name}"
        shutil.copy(clip, own)
        asset = take_in(own, name=clip.name, team=creator.team, user=creator.user)
        if copy:
            Asset.objects.filter(pk=asset.pk).update(proxy=Asset.Proxy.PENDING)
        tasks.make_proxy(asset.pk)
        asset.refresh_from_db()
        assert asset.is_playable
        return asset

    return kept


def look(page: Page, frames: list[int]) -> list[Seen]:
    return _seen(page.evaluate(LOOK, [frames, WIDTH, HEIGHT, PATIENCE_MS]))


def _seen(found: list[Any]) -> list[Seen]:
    shape = (HEIGHT, WIDTH, 3)
    return [
        Seen(number, at, np.frombuffer(b64decode(data), np.uint8).reshape(shape))
        for number, at, data in found
    ]


@dataclass(frozen=True)
class Frames:
    """Of each frame of a clip: its picture as stills show it, small, and from when on it is shown
    in what is played.
    """

    pictures: np.ndarray
    moments: list[float]


def frames_of(asset: Asset) -> Frames:
    """Return the frames by a decode of the original from its start.

    What is played starts at 0 if it is a copy.
    """
    with open_clip(store.path(asset.sha256, store.ORIGINAL)) as stream:
        aspect = colour.pixel_aspect(stream)
        shown = [(_even(_small(frame, aspect)), frame.pts) for frame in decoded(stream)]
        base = stream.time_base
    assert len(shown) == asset.frame_count
    pictures, pts = np.array([picture for picture, _pts in shown]), [at for _picture, at in shown]
    if asset.proxy == Asset.Proxy.READY:
        # Old containers give frames no times, or wrong ones: the copy has those that were measured.
        measured = frame_times(asset).starts[:-1]
        pts = [at - measured[0] for at in measured]
    return Frames(pictures, [float(at * base) for at in pts])


def _small(frame: Any, aspect: Fraction) -> np.ndarray:
    """Return a frame as stills show it, far larger than what is compared: all of a clip's frames in
    full size take ten seconds of a processor.
    """
    return colour.picture(frame, aspect, max_width=640, smaller_by=Interpolation.AREA)


def check_all(page: Page, own: Frames) -> None:
    """Play all of a clip; go to the frames that did not come, or came when the browser had drawn
    the next one.
    """
    played = _seen(page.evaluate(PLAY, [WIDTH, HEIGHT]))
    good = {one.counter for one in played if not wrong(own, [one], [one.counter])}
    rest = sorted(set(range(len(own.moments))) - good)
    print(f"{len(good)} of {len(own.moments)} frames as it played, {len(rest)} by going there")
    assert wrong(own, look(page, rest), rest) == []


def _even(picture: np.ndarray) -> np.ndarray:
    """Return a picture as patches of grey without their mean: a browser's colours are not ours to
    the last bit.
    """
    small = np.asarray(
        Image.fromarray(picture).convert("L").resize((32, 18), Image.Resampling.BOX)
    ).astype(float)
    return small - small.mean()


def wrong(own: Frames, seen: list[Seen], frames: list[int]) -> list[tuple[int, int, int]]:
    """Return (asked for, counter, shown) of each frame where they are not one.

    What is shown the picture says and, where frames look the same, the time at which the browser
    shows it.
    """
    found = []
    for frame, one in zip(frames, seen, strict=True):
        far = ((own.pictures - _even(one.picture)) ** 2).mean(axis=(1, 2))
        shown = frame if far[frame] <= far.min() * 1.1 + 0.3 else int(far.argmin())
        if one.moment is not None and abs(one.moment - own.moments[frame]) > 0.002:
            shown = int(np.abs(np.array(own.moments) - one.moment).argmin())
        if not frame == one.counter == shown:
            found.append((frame, one.counter, shown))
    return found


def some(count: int) -> list[int]:
    return sorted(
        {*range(0, count, max(1, count // 12)), min(1, count - 1), max(0, count - 2), count - 1}
    )


@pytest.mark.parametrize(("path", "what"), REAL)
def test_counter_and_picture_are_one_frame_in_every_real_clip(
    real_media, creator, keep, open_page, path, what
) -> None:
    asset = keep(path, copy=what == "copy")
    own, page = frames_of(asset), open_page(creator, f"/studio/?source={asset.pk}")

    if WHOLE:
        check_all(page, own)
    else:
        frames = some(asset.frame_count)
        assert wrong(own, look(page, frames), frames) == []


@pytest.mark.parametrize("name", MADE)
def test_counter_and_picture_are_one_frame_in_every_kind_of_clip(
    creator, keep, open_page, tmp_path, name
) -> None:
    made = {"frames": 30, **CASES[name].made, "sound": name in SOUND}
    if "codec" not in made:  # several keyframes, with frames out of order before each
        made["options"] = {"bf": "3", **made.get("options", {}), "g": "10"}
    asset = keep(make_clip(tmp_path / name, **made))
    frames = some(asset.frame_count)

    seen = look(open_page(creator, f"/studio/?source={asset.pk}"), frames)

    assert wrong(frames_of(asset), seen, frames) == []


@pytest.mark.parametrize("what", ["[data-stage] video", ".stage-still"])
def test_what_stands_beside_counter_0_is_frame_0_though_a_poster_shows_a_livelier_one(
    real_media, creator, keep, open_page, what
) -> None:
    asset = keep(real_media / "odd" / "sample_h264.ts")  # begins black
    if what == ".stage-still":
        Asset.objects.update(proxy=Asset.Proxy.FAILED)

    page = open_page(creator, f"/studio/?source={asset.pk}")
    page.wait_for_function(
        "one => (document.querySelector(one).readyState ?? 2) >= 2 && document.readyState === 'complete'",
        arg=what,
    )

    expect(page.locator("[data-frame]")).to_have_text("0")
    seen = np.asarray(Image.open(BytesIO(page.locator(what).screenshot())).convert("L"))
    middle = seen[
        seen.shape[0] // 3 : -seen.shape[0] // 3, seen.shape[1] // 3 : -seen.shape[1] // 3
    ]
    assert middle.mean() < 10
    assert np.asarray(Image.open(store.path(asset.sha256, layout.POSTER)).convert("L")).mean() > 150


def shown_in(page: Page, video: str) -> np.ndarray:
    """Return the picture that a video shows, once it stands still."""
    found = page.evaluate(
        """async ([selector, width, height, patience]) => {
            const video = document.querySelector(selector);
            const wait = (ms) => new Promise((done) => setTimeout(done, ms));
            for (let ms = 0; ms < patience && (video.seeking || video.readyState < 2); ms += 100) await wait(100);
            await wait(150);
            const pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
            pen.drawImage(video, 0, 0, width, height);
            return [...pen.getImageData(0, 0, width, height).data].filter((_, at) => at % 4 < 3);
        }""",
        [video, WIDTH, HEIGHT, PATIENCE_MS],
    )
    return np.array(found, np.uint8).reshape(HEIGHT, WIDTH, 3)


def test_after_playing_the_counter_names_the_frame_on_which_it_stopped(
    creator, keep, open_page, tmp_path
) -> None:
    page = open_page(creator, f"/studio/?source={keep(make_clip(tmp_path / 'a.mp4', **LATE)).pk}")
    look(page, [3])

    page.get_by_role("button", name="Play").click()
    expect(page.locator("[data-frame]")).not_to_have_text("3")
    page.get_by_role("button", name="Pause").click()

    picture = shown_in(page, "[data-stage] video")
    expect(page.locator("[data-frame]")).to_have_text(str(number_on(picture)))


def test_a_source_that_starts_late_is_compared_frame_by_frame(
    creator, keep, open_page, tmp_path
) -> None:
    source = keep(make_clip(tmp_path / "source.mp4", **LATE))
    result = keep(make_clip(tmp_path / "result.mp4"))
    take = make_generation(creator, state=State.SUCCEEDED, source=source, result=result)
    page = open_page(creator, f"/takes/{take.pk}")

    page.get_by_role("button", name="Side by side").click()
    look(page, [7, 41])

    assert number_on(shown_in(page, ".stage-layer.is-lead video")) == 41
    assert number_on(shown_in(page, ".stage-layer:not(.is-lead) video")) == 41


def test_the_length_of_a_cut_is_that_of_its_frames(creator, keep, open_page, tmp_path) -> None:
    page = open_page(
        creator,
        f"/studio/?source={keep(make_clip(tmp_path / 'a.mp4', **CASES['varying.mp4'].made)).pk}",
    )

    page.locator("[data-in]").fill("10")
    page.locator("[data-out]").fill("19")

    expect(page.locator("[data-cut-length]")).to_have_text(
        f"10 frames, {(VARYING[20] - VARYING[10]) / 1000:.2f} s"
    )
