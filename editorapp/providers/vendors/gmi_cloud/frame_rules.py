"""The rules about named pictures and the ids of earlier results at GMI Cloud."""

from editorapp.providers.contract import Ref
from editorapp.providers.rules.shared import media
from editorapp.providers.spec import NamedRef, Parameter, RefCondition, Rule
from editorapp.providers.vendors.gmi_cloud.parameters import EDIT, GENERATE, PARAMETERS


def comes_otherwise(*rows: Parameter) -> RefCondition:
    """Hit a clip or picture that comes in a way for which its row has no place in the body."""
    taken = {row.field: {*row.carriers, "asset_id"} for row in rows if row.carriers}

    def condition(named: NamedRef) -> bool:
        ways = taken.get(named.path.partition(".")[0], Ref.CARRIERS)
        return any(carrier not in ways for carrier in named.ref.carriers)

    return condition


PUBLIC_URL = media.PUBLIC_URL.adopt(
    "2.4.url", "ours: nobody else can fetch it", field="start_frame"
)
EDIT_FRAME_RULES = (
    Rule(
        id="GE17",
        field="start_frame",
        source="3.4 enum S2",
        each_ref=comes_otherwise(
            *(row for row in PARAMETERS if row.field == "start_frame" and row.tasks == EDIT)
        ),
        summary="The guide frame is one picture, by address; an upload is put at one.",
        message="{label}: {name} takes a picture that is uploaded or has an address.",
        detail="start_frame_url must be a URL",
    ),
    PUBLIC_URL,
)
GENERATE_FRAME_RULES = (
    Rule(
        id="GG2.picture",
        field="start_frame",
        source="3.2 PG",
        each_ref=comes_otherwise(*(row for row in PARAMETERS if row.tasks == GENERATE)),
        summary="A frame is a picture, by address, or an earlier result; an upload is put at an address.",
        message="{label}: {name} takes a picture that is uploaded or has an address, or an earlier result.",
        detail="{path} must be a URL",
    ),
    media.ONE_CARRIER.adopt(
        "GG3.both",
        "ours: policy, 3.2 names one way for each frame",
        field="start_frame",
        summary="A frame comes one way: a picture or an earlier result.",
        message="{label}: give a picture or an earlier result, not both.",
    ),
    media.ID_IS_A_UUID.adopt(
        "GG3.id", "2.2 S2: uuid", "{path} must be a uuid", field="start_frame"
    ),
    PUBLIC_URL,
)
