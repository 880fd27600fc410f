"""Timelines, read by others' readers: clips in their order, each marker on its frame, at every rate."""

import csv
import io
import json
import os
import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from editorapp.core.timecode import DROP_RATES, STANDARD_RATES, frame_of
from editorapp.exports.timelines.edl import MixedRates
from editorapp.exports.timelines.formats import FORMATS
from editorapp.exports.timelines.model import (
    EditTimeline,
    MarkerColour,
    TimelineClip,
    TimelineMarker,
    timeline_of,
)
from tests.exports.fcpxml_rules import wrong_in

NTSC = Fraction(30000, 1001)
RATES = (Fraction(24000, 1001), Fraction(25), NTSC, Fraction(60))
MARKED = (0, 17, 90, 119)


def marker(
    first: int, *, frames: int = 1, resolved: bool = False, words: str = ""
) -> TimelineMarker:
    words = words or f"Frame {first}, “café” <b> & more"
    return TimelineMarker(first, frames, words, "Rae", MarkerColour.CYAN, is_resolved=resolved)


def clip(number: int, rate: Fraction, **more) -> TimelineClip:
    usual = {
        "take": number,
        "name": f"bunny · take {number}",
        "path": f"media/bunny · take {number}.mp4",
        "sha256": f"{number:064x}",
        "rate": rate,
        "frames": 120,
        "width": 1280,
        "height": 720,
        "has_sound": False,
        "markers": [marker(frame) for frame in MARKED],
    }
    return TimelineClip(**usual | more)


def timeline(rate: Fraction, *, drop: bool = True, **more) -> EditTimeline:
    return timeline_of("Sitting <1>", [clip(1, rate, **more), clip(2, rate, **more)], drop=drop)


def written(made: EditTimeline, ending: str, folder: Path) -> Path:
    file = folder / f"timeline.{ending}"
    file.write_text(FORMATS[ending].write(made), encoding="utf-8")
    return file


def frames_in(found, of: Fraction) -> list[list[int]]:
    """Return where each clip's markers are, as OpenTimelineIO reads them."""
    at = [[one.marked_range.start_time for one in clip.markers] for clip in found.find_clips()]
    assert all(abs(time.rate - float(of)) < 0.001 for times in at for time in times)
    return [[round(time.value) for time in times] for times in at]


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_opentimelineio_reads_its_own_format_with_every_marker_on_its_frame(rate, tmp_path) -> None:
    found = otio.adapters.read_from_file(str(written(timeline(rate), "otio", tmp_path)))

    assert found.name == "Sitting <1>"
    assert [one.name for one in found.find_clips()] == ["bunny · take 1", "bunny · take 2"]
    assert frames_in(found, rate) == [list(MARKED)] * 2
    first = next(iter(found.find_clips()))
    assert first.media_reference.target_url == "./media/bunny%20%C2%B7%20take%201.mp4"
    assert first.source_range.duration.value == 120
    said = first.markers[2]
    assert (said.color, said.comment) == ("CYAN", "Frame 90, “café” <b> & more")
    assert said.metadata["rushes"] == {"author": "Rae", "is_resolved": False}
    start = found.global_start_time
    assert round(start.value) == timeline(rate).beginning


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_the_fcp_7_adapter_reads_clips_markers_and_files(rate, tmp_path) -> None:
    file = written(timeline(rate), "xml", tmp_path)
    found = otio.adapters.read_from_file(str(file), adapter_name="fcp_xml")

    assert frames_in(found, rate) == [list(MARKED)] * 2
    clips = list(found.find_clips())
    assert [one.media_reference.target_url for one in clips] == [
        f"./media/bunny%20%C2%B7%20take%20{number}.mp4" for number in (1, 2)
    ]
    assert [one.range_in_parent().start_time.value for one in clips] == [0, 120]
    tree = ElementTree.parse(file)
    said = {one.text for one in tree.iter("ntsc")}
    assert said == {"TRUE" if rate.denominator == 1001 else "FALSE"}
    assert {one.text for one in tree.iter("timebase")} == {str(round(rate))}
    begins = tree.findtext("sequence/timecode/string")
    assert frame_of(begins, rate) == int(tree.findtext("sequence/timecode/frame"))
    is_drop = tree.findtext("sequence/timecode/displayformat") == "DF"
    assert is_drop == (rate in DROP_RATES) == (";" in begins)


def test_a_range_is_written_with_both_its_ends(tmp_path) -> None:
    made = timeline(Fraction(25), markers=[marker(10, frames=5, resolved=True)])

    for ending, adapter in (("otio", None), ("xml", "fcp_xml")):
        file = str(written(made, ending, tmp_path))
        found = otio.adapters.read_from_file(file, adapter_name=adapter)
        one = next(iter(found.find_clips())).markers[0].marked_range
        assert (one.start_time.value, one.duration.value) == (10, 5)
    assert "(until 01:00:00:14) (resolved)" in FORMATS["edl"].write(made)


LOCATOR = re.compile(r"\* LOC: (\d\d:\d\d:\d\d[:;]\d\d) CYAN +(.*)")


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize("rate", RATES)
def test_locators_of_an_edl_stand_at_the_record_timecode(rate, drop: bool) -> None:
    made = timeline(rate, drop=drop)
    text = FORMATS["edl"].write(made)

    at = [frame_of(code, rate) - made.beginning for code, _words in LOCATOR.findall(text)]
    assert at == [*MARKED, *(120 + frame for frame in MARKED)]
    is_drop = drop and rate == NTSC
    assert (";" in text, "FCM: DROP FRAME" in text) == (is_drop, is_drop)


RESOLVE = re.compile(
    r"(\d\d:\d\d:\d\d[:;]\d\d) (\S+) \1 \2  \n(.*) \|C:ResolveColor(\w+) \|M:(.*) \|D:(\d+)"
)


@pytest.mark.parametrize("rate", RATES)
def test_resolves_own_markers_stand_at_the_record_timecode(rate) -> None:
    made = timeline(rate, markers=[marker(90, words="a|b"), marker(7, frames=5, resolved=True)])
    found = RESOLVE.findall(FORMATS["markers.edl"].write(made))

    at = [frame_of(one[0], rate) - made.beginning for one in found]
    assert at == [90, 7, 210, 127]
    assert [frame_of(one[1], rate) - made.beginning - 1 for one in found] == at
    assert found[0][2:] == ("a/b", "Cyan", "Rae", "1")
    assert found[1][3:] == ("Cyan", "Rae (resolved)", "5")


@pytest.mark.parametrize("rate", RATES)
def test_the_edl_adapter_reads_events_at_their_record_timecode(rate, tmp_path) -> None:
    # It reads no locators with a semicolon; the test above does.
    file = written(timeline(rate, drop=False), "edl", tmp_path)
    found = otio.adapters.read_from_file(str(file), rate=float(rate))

    clips = list(found.find_clips())
    assert [one.name for one in clips] == ["bunny · take 1", "bunny · take 2"]
    assert [round(one.source_range.duration.value) for one in clips] == [120, 120]
    hour = timeline(rate, drop=False).beginning
    assert frames_in(found, rate) == [
        [hour + frame for frame in MARKED],
        [hour + 120 + frame for frame in MARKED],
    ]


def test_an_edl_in_drop_frame_goes_on_over_the_minute(tmp_path) -> None:
    clips = [clip(number, NTSC, frames=1795, markers=[marker(1790)]) for number in (1, 2)]
    made = timeline_of("Minutes", clips)
    text = FORMATS["edl"].write(made)

    assert "00:00:00;00 00:00:59;25 01:00:00;00 01:00:59;25" in text
    assert "00:00:00;00 00:00:59;25 01:00:59;25 01:01:59;22" in text
    assert [frame_of(code, NTSC) - made.beginning for code, _ in LOCATOR.findall(text)] == [
        1790,
        1795 + 1790,
    ]


def test_rates_are_mixed_where_a_format_can_and_refused_where_not(tmp_path) -> None:
    made = timeline_of(
        "Mixed", [clip(1, Fraction(25)), clip(2, Fraction(25)), clip(3, Fraction(50))]
    )

    assert [(one.start, one.frames) for one in made.placed()] == [(0, 120), (120, 120), (240, 60)]
    with pytest.raises(MixedRates, match="one frame rate"):
        FORMATS["edl"].write(made)
    found = otio.adapters.read_from_file(str(written(made, "otio", tmp_path)))
    last = list(found.find_clips())[2]
    assert [round(one.marked_range.start_time.value) for one in last.markers] == list(MARKED)
    assert last.markers[0].marked_range.start_time.rate == 50


# FCPXML


def fcpxml_seconds(text: str) -> Fraction:
    return Fraction(text.removesuffix("s"))


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_fcpxml_is_valid_and_has_every_marker_on_its_frame(rate, drop: bool, tmp_path) -> None:
    made = timeline(rate, drop=drop, has_sound=True)
    tree = ElementTree.parse(written(made, "fcpxml", tmp_path))

    assert wrong_in(tree.getroot()) == []
    for at, item in enumerate(tree.iter("asset-clip")):
        starts = [fcpxml_seconds(one.get("start")) * rate for one in item.iter("marker")]
        assert starts == list(MARKED)
        offset = fcpxml_seconds(item.get("offset")) * rate
        assert offset == made.beginning + 120 * at
    sequence = next(tree.iter("sequence"))
    assert sequence.get("tcFormat") == ("DF" if drop and rate in DROP_RATES else "NDF")
    assert fcpxml_seconds(next(tree.iter("format")).get("frameDuration")) == 1 / rate


def test_the_fcpxml_adapter_reads_its_clips(tmp_path) -> None:
    file = written(timeline(Fraction(24)), "fcpxml", tmp_path)
    found = otio.adapters.read_from_file(str(file), adapter_name="fcpx_xml")
    found = found[0] if isinstance(found, otio.schema.SerializableCollection) else found

    assert [one.name for one in found.find_clips()] == ["bunny · take 1", "bunny · take 2"]


def test_a_note_is_a_to_do_that_is_completed_where_it_is_resolved(tmp_path) -> None:
    made = timeline(Fraction(25), markers=[marker(1), marker(2, resolved=True)])
    tree = ElementTree.parse(written(made, "fcpxml", tmp_path))

    assert [one.get("completed") for one in tree.iter("marker")] == ["0", "1"] * 2


def test_the_rules_refuse_what_the_dtd_does(tmp_path) -> None:
    good = FORMATS["fcpxml"].write(timeline(Fraction(25)))
    for old, new in (
        ('frameDuration="1/25s"', 'frameDuration=""'),
        ('ref="a1"', 'ref="a9"'),
        ("<spine>", "<spine><marker start='0s' value='x' />"),
        ('value="Rae', 'words="Rae'),
        ('tcFormat="NDF"', 'tcFormat="PAL"'),
        ('start="17/25s"', 'start="0.68s"'),
    ):
        assert old in good
        assert wrong_in(ElementTree.fromstring(good.replace(old, new, 1))), new


@pytest.mark.skipif(
    not os.environ.get("RUSHES_FCPXML_DTD"),
    reason="RUSHES_FCPXML_DTD names no FCPXMLv1_9.dtd: Apple ships it inside Final Cut Pro, and it"
    " may not be copied here",
)
@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_fcpxml_is_valid_against_apples_own_dtd(rate, tmp_path) -> None:
    etree = pytest.importorskip("lxml.etree")
    dtd = etree.DTD(os.environ["RUSHES_FCPXML_DTD"])
    text = FORMATS["fcpxml"].write(timeline(rate, has_sound=True))

    assert dtd.validate(etree.fromstring(text.encode())), dtd.error_log


# Others


def test_the_marker_list_is_a_sheet_of_clips_and_notes() -> None:
    text = FORMATS["csv"].write(timeline(NTSC))
    found = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))

    assert [one["what"] for one in found] == ["clip", *["note"] * 4] * 2
    note = found[3]
    assert (note["first_frame"], note["timeline_timecode"], note["clip_timecode"]) == (
        "90",
        "01:00:03;00",
        "00:00:03;00",
    )
    assert note["words"] == "Frame 90, “café” <b> & more"


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_what_no_format_can_hold_is_left_out_of_words(ending: str, tmp_path) -> None:
    made = timeline(Fraction(25), markers=[marker(3, words="a\0b\x1b]\nsecond line ]]>")])
    text = FORMATS[ending].write(made)

    if ending in ("xml", "fcpxml"):
        assert "second line" in ElementTree.tostring(ElementTree.fromstring(text), "unicode")
    if ending == "otio":
        assert json.loads(text)["name"] == "Sitting <1>"
    if ending == "edl":
        assert len(LOCATOR.findall(text)) == 2 and not re.search("[\0\x1b]", text)
