"""Every file says how it is coded, and shows the colours it was given: to a decoder and in a
browser.
"""

import base64
import json
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from editorapp.media import sample
from editorapp.media.decoding import colour, jobs, reader, transcode
from editorapp.providers.contract import RESOLUTIONS, Ref
from tests.browser import new_context
from tests.media.test_colour import PATCHES
from tests.media.test_colour import patches as clip_of_patches
from tests.simulator.clips import rendered

# Chromium's converter without a GPU cuts the factor of blue in BT.709 from 2.11 to 2: the further
# from grey, the more blue is off, in any file of anybody's. Here are colours that it shows; `shown`
# below has all others too.
IN_A_BROWSER = ((200, 30, 30), (120, 120, 120), (224, 172, 140), (20, 60, 50))
TOLERANCE = 3


def shown(path: Path) -> np.ndarray:
    """Return a file's first picture, RGB, as its own tags say."""
    if path.suffix in (".mp4", ".mkv"):
        with av.open(str(path)) as container:
            return colour.picture(next(container.decode(video=0)), Fraction(1)).astype(int)
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def at(picture: np.ndarray, across: float) -> np.ndarray:
    return picture[int(picture.shape[0] * 0.4), int(picture.shape[1] * across)]


def coding(path: Path) -> dict[str, tuple[int, int, int, int]]:
    """Return primaries, transfer, matrix and range (1: limited), by the stream and by the
    container.
    """
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    data = path.read_bytes()
    box = data.index(b"colrnclx") + 8
    numbers = [
        int.from_bytes(data[box + 2 * place : box + 2 * place + 2], "big") for place in range(3)
    ]
    stream = (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range)
    return {
        "stream": tuple(map(int, stream)),
        "container": (numbers[0], numbers[1], numbers[2], 2 if data[box + 6] & 0x80 else 1),
    }


def still_clip(folder: Path, resolution: str, rgb: tuple[int, int, int], **wanted: Any) -> Path:
    """Render a short clip whose first frame is all of one colour."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (640, 360), rgb).save(folder / "first.png")
    said = {"task": "canned", "prompt": "calm", "duration": "5", "aspect_ratio": "16:9"} | wanted
    first = {"start_frame": folder / "first.png"}
    return rendered(folder, first, resolution=resolution, start_frame=Ref(url="x"), **said)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_a_result_says_in_stream_and_container_how_it_is_coded(
    resolution: str, tmp_path: Path
) -> None:
    for rgb in (tuple(one) for one in PATCHES.tolist()):
        folder = tmp_path / "-".join(map(str, rgb))
        clip = still_clip(folder, resolution, rgb)

        assert coding(clip) == dict.fromkeys(("stream", "container"), (1, 1, 1, 1))
        assert np.abs(at(shown(clip), 0.5) - rgb).max() <= TOLERANCE
        assert np.abs(at(shown(folder / "poster.jpg"), 0.5) - rgb).max() <= TOLERANCE
        if resolution != "360p":
            break


def test_a_poster_says_that_it_is_in_srgb(tmp_path: Path) -> None:
    still_clip(tmp_path, "360p", (200, 30, 30))

    assert Image.open(tmp_path / "poster.jpg").getexif().get_ifd(0x8769)[0xA001] == 1


KINDS = [
    (1, False, 180),
    (6, False, 180),
    (6, False, 720),
    (None, False, 180),
    (None, False, 720),
    (1, True, 180),
    (6, True, 180),
]  # matrix, full range, height; nothing stated: as players guess


@pytest.mark.parametrize(("matrix", "full", "height"), KINDS)
def test_whatever_a_source_is_coded_in_its_colours_come_back(
    matrix: int | None, full: bool, height: int, tmp_path: Path
) -> None:
    source = clip_of_patches(tmp_path / "source.mp4", matrix=matrix, full=full, height=height)
    jobs.take(str(source), max_seconds=60, expect="video", out=str(tmp_path))
    copy = tmp_path / "copy.mp4"
    index = reader.load_index(tmp_path / "frames.json")
    transcode.copy(
        source, copy, index, rate=Fraction(25), recipe=transcode.Recipe(gop=6), span=(0, 2)
    )

    # A reframe keeps the source's own pixels: 4:3 in the middle of 16:9, and all of it in its own
    # shape.
    result = rendered(
        tmp_path / "out",
        {"source": source},
        task="reframe",
        aspect_ratio="4:3",
        resolution="360p",
        prompt="calm",
        x_norm=0.0,
        y_norm=0.0,
        w_norm=1.0,
        h_norm=1.0,
    )

    for file in (copy, result, result.parent / "poster.jpg", tmp_path / "poster.webp"):
        picture = shown(file)
        found = np.array(
            [at(picture, (place + 0.5) / len(PATCHES)) for place in range(len(PATCHES))]
        )
        assert np.abs(found - PATCHES).max() <= TOLERANCE, file.name
    for file in (copy, result):
        assert coding(file) == dict.fromkeys(("stream", "container"), (1, 1, 1, 1))


def test_the_sample_clip_says_how_it_is_coded(tmp_path: Path) -> None:
    sample.draw(tmp_path / "sample.mp4", frames=2)

    assert coding(tmp_path / "sample.mp4") == dict.fromkeys(("stream", "container"), (1, 1, 1, 1))
    drawn = np.asarray(sample._picture(0)).astype(int)
    assert (
        np.abs(shown(tmp_path / "sample.mp4")[4:8, 600:640] - drawn[4:8, 600:640]).max()
        <= TOLERANCE
    )


# Light


def light_of(path: Path) -> str:
    with av.open(str(path)) as container:
        return colour.mastering(next(container.decode(video=0)))


def test_hdr_says_for_what_light_it_was_made_and_a_cut_of_it_too(
    tiny: Path, tmp_path: Path
) -> None:
    clip = rendered(tmp_path, {"source": tiny}, prompt="calm", resolution="720p", hdr=True)
    jobs.take(str(clip), max_seconds=60, expect="video", out=str(tmp_path))
    index = str(tmp_path / "frames.json")
    jobs.trim(str(clip), frames=index, fps="25", first=2, last=6, out=str(tmp_path / "cut.mp4"))

    said = light_of(clip)
    assert (
        "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
        in said
    )
    assert "max-cll=1000,1000" in said
    assert light_of(tmp_path / "cut.mp4") == said and light_of(tiny) == ""
    assert coding(clip) == dict.fromkeys(("stream", "container"), (9, 16, 9, 1))


def test_exr_frames_name_their_primaries_and_still_decode(tiny: Path, tmp_path: Path) -> None:
    rendered(tmp_path, {"source": tiny}, prompt="bright", resolution="720p", hdr=True, exr=True)

    with zipfile.ZipFile(tmp_path / "frames.zip") as archive:
        frame = archive.read(archive.namelist()[3])
    said = frame.index(b"chromaticities\0chromaticities\0") + 30
    assert int.from_bytes(frame[said : said + 4], "little") == 32
    primaries = np.frombuffer(frame, "<f4", count=8, offset=said + 4)
    assert primaries.tolist() == pytest.approx([0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290])
    (tmp_path / "one.exr").write_bytes(frame)
    with av.open(str(tmp_path / "one.exr")) as container:
        decoded = next(container.decode(video=0))
    light = [np.frombuffer(plane, np.float16).astype(float) for plane in decoded.planes]
    assert (decoded.width, decoded.height) == (1280, 720)
    assert (
        1.5 < max(plane.max() for plane in light) < 6 and min(plane.min() for plane in light) >= 0
    )
    assert (
        jobs.take(str(tmp_path / "frames.zip"), max_seconds=0, expect="archive", out=str(tmp_path))[
            "facts"
        ]["frame_count"]
        == 8
    )


# In a browser

SHOW = """async ([address, kind]) => {
  let element;
  if (kind === 'video') {
    element = document.createElement('video');
    element.muted = true;
    await new Promise((done, failed) => {
      element.onseeked = done;
      element.onerror = () => failed(new Error('The browser does not play it.'));
      element.onloadeddata = () => { element.currentTime = 0.001; };
      element.src = address;
    });
  } else {
    element = new Image();
    element.src = address;
    await element.decode();
  }
  const canvas = document.createElement('canvas');
  canvas.width = element.videoWidth || element.naturalWidth;
  canvas.height = element.videoHeight || element.naturalHeight;
  const drawn = canvas.getContext('2d');
  for (;;) { // found, a frame may not be there to draw yet: the canvas stays transparent
    drawn.drawImage(element, 0, 0);
    const middle = [canvas.width * 0.5, Math.floor(canvas.height * 0.4)];
    const [red, green, blue, alpha] = drawn.getImageData(...middle, 1, 1).data;
    if (alpha) return [red, green, blue];
    await new Promise(requestAnimationFrame);
  }
}"""


@pytest.fixture(scope="module")
def in_browser(chromium: Browser) -> Iterator[Callable[[Path], list[int]]]:
    """Show a file on a canvas; return the colour in its middle."""
    context = new_context(chromium)
    page = context.new_page()

    def show(path: Path) -> list[int]:
        mime = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".webp": "image/webp"}[path.suffix]
        data = base64.b64encode(path.read_bytes()).decode()
        found: list[int] = page.evaluate(
            SHOW, [f"data:{mime};base64,{data}", mime.partition("/")[0]]
        )
        return found

    yield show
    context.close()


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_a_first_frame_has_its_colour_in_a_browser_at_every_size(
    resolution: str, in_browser: Callable[[Path], list[int]], tmp_path: Path
) -> None:
    for rgb in IN_A_BROWSER if resolution in ("360p", "720p") else IN_A_BROWSER[:1]:
        folder = tmp_path / json.dumps(rgb)
        clip = still_clip(folder, resolution, rgb)

        for file in (clip, folder / "poster.jpg"):
            assert np.abs(np.array(in_browser(file)) - rgb).max() <= TOLERANCE, (file.name, rgb)


@pytest.mark.parametrize(
    ("matrix", "height"), [(1, 180), (6, 180), (None, 180), (6, 720), (None, 720)]
)
def test_a_viewing_copy_and_a_poster_have_the_colour_of_their_source_in_a_browser(
    matrix: int | None, height: int, in_browser: Callable[[Path], list[int]], tmp_path: Path
) -> None:
    source = clip_of_patches(
        tmp_path / "source.mkv", matrix=matrix, full=False, height=height, colours=IN_A_BROWSER[:1]
    )
    jobs.take(str(source), max_seconds=60, expect="video", out=str(tmp_path))
    index = reader.load_index(tmp_path / "frames.json")
    copy = tmp_path / "copy.mp4"
    transcode.copy(
        source, copy, index, rate=Fraction(25), recipe=transcode.Recipe(gop=6), span=(0, 2)
    )

    for file in (copy, tmp_path / "poster.webp"):
        assert np.abs(np.array(in_browser(file)) - IN_A_BROWSER[0]).max() <= TOLERANCE, file.name
