"""What the tests of the stage share: clips of numbered frames, takes of them, and what is read off the screen."""

from typing import Any

from playwright.sync_api import Page

# The number on a picture of tests/media/clips.py, read off whatever the stage shows of each clip.
READ = """() => {
    const stage = window.rushes.stage.of(document.body);
    const width = 160, height = 90;
    const made = () => new OffscreenCanvas(width, height);
    const pen = (window.readingPen ||= made().getContext("2d", { willReadFrequently: true }));
    return stage.pictures().map(([at, picture]) => {
        pen.drawImage(picture, 0, 0, width, height);
        const { data } = pen.getImageData(0, 60, width, 1);
        let number = 0;
        for (let bit = 0; bit < 10; bit += 1) {
            if (data[4 * Math.floor((bit + 0.5) * width / 10)] > 128) number += 1 << bit;
        }
        return [at, number];
    });
}"""


def numbers_shown(page: Page) -> dict[int, int]:
    """Return the frame number burnt into what is shown of each visible clip, by the clip's index."""
    return dict(page.evaluate(READ))


def stage(page: Page, expression: str, argument: Any = None) -> Any:
    """Return what an expression of `stage` (the page's one) says."""
    code = f"(argument) => {{ const stage = window.rushes.stage.of(document.body); return {expression}; }}"
    return page.evaluate(code, argument)


# Play for some seconds, and on until so many different frames of the last clip have come and it has
# begun anew, unless patience ends; on every frame of the display: what is shown of each clip.
WATCH = (
    """async ([seconds, different, patience]) => {
    const read = """
    + READ
    + """;
    const found = [], numbers = new Set();
    const began = performance.now();
    const lasts = () => (performance.now() - began) / 1000;
    let before = -1, hasTurned = false;
    while (lasts() < seconds || (lasts() < patience && !(hasTurned && numbers.size >= different))) {
        await new Promise(requestAnimationFrame);
        found.push(read().sort().map(([, number]) => number));
        const last = found.at(-1).at(-1);
        hasTurned ||= last < before;
        numbers.add(before = last);
    }
    return found;
}"""
)

# Go to frames one after the other, each when the one before it is there: what each clip shows then.
STEP = (
    """async (frames) => {
    const read = """
    + READ
    + """;
    const stage = window.rushes.stage.of(document.body);
    const found = [];
    for (const frame of frames) {
        stage.seek(frame);
        await stage.settled();
        found.push(read().sort().map(([, number]) => number));
    }
    return found;
}"""
)

# Drag over the whole clip, to and fro, as fast as 3 s at 60 frames of the display a second, or until
# enough were painted: the different pictures. Counted in frames of the display, for a busy machine
# has few.
SCRUB = """async ([looks, enough]) => {
    const stage = window.rushes.stage.of(document.body);
    const pen = new OffscreenCanvas(48, 48).getContext("2d", { willReadFrequently: true });
    const seen = new Set();
    for (let look = 0; look < looks && seen.size < enough; look += 1) {
        const part = Math.abs(((look / 45) % 2) - 1);
        stage.scrub(Math.round(part * (stage.frames - 1)));
        await new Promise(requestAnimationFrame);
        pen.drawImage(stage.pictures()[0][1], 0, 0, 48, 48);
        seen.add(pen.getImageData(0, 0, 48, 48).data.join());
    }
    return seen.size;
}"""
