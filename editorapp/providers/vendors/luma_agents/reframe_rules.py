"""The rules of reframing with Ray 3.2; see rules.py for the table they belong to."""

from editorapp.providers.contract import POSITION
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared import media, settings
from editorapp.providers.spec import WARN, Case, Hit, Rule
from editorapp.providers.vendors.luma_agents.generate_rules import EDIT_FIELDS

_edges = ask.outside(-2, 2, "x_norm", "y_norm")
_sizes = ask.outside(0, 2, "w_norm", "h_norm", is_open=True)


def _position_wrong(case: Case) -> list[Hit]:
    missing = [name for name in POSITION if getattr(case.wanted, name) is None]
    if 0 < len(missing) < len(POSITION):
        says = "Give all four of x, y, width and height, or none."
        return [Hit(name, says=says) for name in missing]
    outside = (*_edges(case), *_sizes(case))
    return list(ask.saying("{value} is outside {low} to {high}.", outside))


REFRAME_RULES = (
    media.SOURCE_LENGTH.adopt(
        "R1",
        "3.4 D-jun11, D-new",
        "source: video exceeds {longest:g} s limit",
        status=422,
        summary="The source of a reframe lasts at most 30 s.",
        message="{name} reframes clips up to {longest:g} s. This one is {seconds} s: trim it.",
    ),
    settings.NEW_SHAPE.adopt(
        "R2",
        "3.4 D-jun11",
        "Invalid aspect_ratio '{wanted.aspect_ratio}'. Valid: 16:9, 1:1, 21:9, 3:4, 4:3, 9:16",
    ),
    settings.SAME_SHAPE.adopt("R2.same", "ours: 3.4 reseller"),
    settings.REFRAME_TAKES_NO.adopt(
        "R4",
        "3.4 D-jun11, K",
        "{path} is not supported for type '{type}'",
        status=422,
        broken=ask.said(
            "hdr",
            "exr",
            "loop",
            "start_frame",
            "end_frame",
            "keyframes",
            "keyframe_indexes",
            *EDIT_FIELDS,
        ),
        summary="A reframe takes no HDR, EXR, loop, guide frames or edit settings.",
    ),
    settings.TALL_1080P.adopt(
        "R5",
        "3.4 D-new, K",
        "video.resolution 1080p is not supported for aspect_ratio {wanted.aspect_ratio}",
        status=422,
    ),
    Rule(
        id="R5.gated",
        field="resolution",
        level=WARN,
        source="3.4 D-new, K",
        broken=lambda case: case.wanted.resolution == "1080p",
        summary="Reframing at 1080p may not be enabled for every account yet.",
        message="Luma is still rolling 1080p reframes out: your account may be refused. 720p works for all.",
    ),
    Rule(
        id="R6",
        field="x_norm",
        broken=_position_wrong,
        source="3.4 K, D-jun11",
        summary="A source position has all four numbers: x and y from -2 to 2, width and height above 0, up to 2.",
        message="{label}: {says}",
        detail="{path}: {says}",
    ),
)
