"""The rules of editing with Ray 3.2; see rules.py for the table they belong to."""

from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules import shared_fixes as fixes
from editorapp.providers.rules.shared import keyframes, settings
from editorapp.providers.spec import OFFER, WARN, Case, Rule


def _perhaps_too_many(case: Case) -> bool:
    return case.limits.warn_keyframes < keyframes.most(case) <= case.limits.max_keyframes


DURATION_IGNORED = settings.DURATION_IGNORED.adopt("E28", "3.1 K; 7.8")
EDIT_RULES = (
    Rule(
        id="E10",
        field="image_refs",
        broken=ask.said("image_refs"),
        source="3.1 S",
        summary="An edit takes no reference pictures.",
        message="An edit takes no reference pictures: use a guide frame.",
        detail="image_ref is not valid for type '{type}'",
    ),
    Rule(
        id="E11",
        field="end_frame",
        broken=ask.said("end_frame"),
        source="3.1 S",
        summary="An edit takes no last frame.",
        message="An edit takes no last frame: pin a keyframe at the last frame instead.",
        detail="video.end_frame is not valid for type '{type}'",
        fixes=(fixes.NO_LAST_FRAME,),
    ),
    Rule(
        id="E12",
        field="loop",
        broken=ask.said("loop"),
        source="3.1 S",
        summary="An edit cannot loop.",
        message="An edit cannot be made to loop.",
        detail="video.loop is not valid for type '{type}'",
        fixes=(fixes.LOOP_OFF,),
    ),
    settings.ONLY_REFRAMES_PLACE.adopt(
        "P1", "2.3 K", "video.source_position is not valid for type '{type}'"
    ),
    settings.HDR_SIZE.adopt(
        "E14",
        "3.1 S",
        "video.hdr is not supported at {wanted.resolution}",
        status=422,
        conflict="Luma's guide refuses HDR on an edit at 360p and 540p; its SDK names that for generations only, and "
        "two price lists have a price for it. It is refused here (7.3).",
    ),
    settings.EXR_NEEDS_HDR.adopt(
        "E15", "3.1 S, K", "video.exr_export requires video.hdr", status=422
    ),
    settings.STRENGTH.adopt("E16", "3.1 S, K", "Invalid strength '{value}'. Valid: {choices}"),
    settings.AUTO_OR_CONTROLS.adopt(
        "E17",
        "3.1 S",
        "video.edit.controls cannot be combined with video.edit.auto_controls",
        status=422,
    ),
    settings.AUTO_OR_STRENGTH.adopt(
        "E26",
        "ours: 3.1 S allows both; cross-provider X1",
        level=OFFER,
        summary="Auto or a strength: the page offers one at a time, and results then agree between providers.",
        message=settings.AUTO_OR_STRENGTH.why,
        why="",
        conflict="Luma's guide lets a strength stand beside Auto, and says that a strength means manual unless Auto is "
        "set explicitly; others that pass on to Luma refuse the two. Auto wins here where it is set, also in what the "
        "simulator draws (7.5, 7.19).",
    ),
    settings.CONTROL_VALUES.adopt("E18", "3.1 S, K", "{path}: invalid value '{value}'"),
    keyframes.PAIRED.adopt(
        "E19",
        "3.1 S",
        "video.edit.keyframes and video.edit.keyframe_indexes must be given together",
    ),
    keyframes.EVEN.adopt(
        "E20",
        "3.1 S",
        "video.edit.keyframes and video.edit.keyframe_indexes must have the same length",
    ),
    keyframes.AT_MOST.adopt(
        "E21",
        "3.1 S, K",
        "video.edit.keyframes supports up to {limits.max_keyframes} entries",
        conflict="Luma's guide and SDK say 64 keyframes, its marketing page 16. 64 are taken here, with a warning "
        "above 16 (7.10).",
    ),
    Rule(
        id="E21.many",
        field="keyframes",
        level=WARN,
        broken=_perhaps_too_many,
        source="ours: 7.10, Luma's own page says 16",
        summary="More than 16 keyframes may be refused.",
        message="Luma's pages disagree on more than {limits.warn_keyframes} keyframes (up to 64 are documented).",
    ),
    keyframes.POSITIONS.adopt(
        "E22", "3.1 S, K", "video.edit.keyframe_indexes must be non-negative and unique"
    ),
    keyframes.WITHIN_SOURCE.adopt(
        "E22.beyond",
        "ours: positions lie on the source's frame grid (2.4 S, K), so there is no such frame",
        "video.edit.keyframe_indexes must lie within the source",
    ),
    keyframes.NOT_BESIDE_ONE.adopt(
        "E23", "3.1 S", "video.start_frame cannot be combined with video.edit.keyframes"
    ),
    settings.ASPECT_RATIO_IGNORED.adopt("E25", "3.1 S"),
    DURATION_IGNORED,
)
