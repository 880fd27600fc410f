"""What Scenario's documents say of its answers: its SDK's types, which are made from its own
description.

Sections of docs/providers/scenario.md. Of headers and of the bodies of refusals nothing is documented.
"""

from editorapp.providers.documents.language import (
    ANY,
    FLAG,
    LINK,
    NUMBER,
    OPEN,
    TEXT,
    TIME,
    Call,
    Documents,
    Lifetime,
    an_id,
    an_object,
    each,
    link,
    price,
    read,
    several,
    word,
)
from editorapp.providers.vendors.scenario.jobs import LINK_LIFETIME, STATES

STATUS = word((*STATES.words, "canceled"))
# 2.8: by the calendar, at least a day
RESULT = Lifetime(least_seconds=LINK_LIFETIME.total_seconds() - 60)
ASSET_ID, JOB_ID = an_id(r"asset_\w+"), an_id(r"job_\w+")
PRIVACY = word(("private", "public", "unlisted"))
PICTURE = an_object({"assetId": ASSET_ID, "url": LINK})
BILLING = an_object(
    {"cuCost": price(), "cuDiscount": NUMBER},
    {
        "cuCostDetails": an_object({}, each(NUMBER, "ip-detection quality-gate")),
        "disableRefund": FLAG,
    },
)
JOB_METADATA = an_object(
    {},
    each(TEXT, "error hint outputModelId workflowId workflowJobId")
    | each(OPEN, "input output")
    | {"assetIds": several(ASSET_ID), "flow": ANY},
)
JOB = an_object(
    {
        "jobId": JOB_ID,
        "jobType": TEXT,
        "status": STATUS,
        "progress": NUMBER,
        "statusHistory": several(an_object({"date": TIME, "status": STATUS})),
        "metadata": JOB_METADATA,
    }
    | each(TIME, "createdAt updatedAt"),
    each(TEXT, "authorId ownerId") | {"billing": BILLING},
)
COST = {"creativeUnitsCost": price(), "creativeUnitsDiscount": NUMBER} | each(
    OPEN, "costDetails ipDetection"
)
UPLOAD = an_object(
    {
        "id": an_id(),
        "kind": word(("3d", "asset", "audio", "avatar", "image", "model", "text", "video")),
        "source": word(("civitai", "huggingface", "multipart", "other", "url")),
        "status": word(("complete", "failed", "imported", "pending", "validated", "validating")),
    }
    | each(TEXT, "authorId fileName ownerId")
    | each(TIME, "createdAt updatedAt"),
    {
        "assetOptions": OPEN,
        "config": ANY,
        "entityId": ASSET_ID,
        "jobId": JOB_ID,
        "parts": several(an_object({"expires": TIME, "number": NUMBER, "url": LINK})),
        "url": LINK,
    }
    | each(TEXT, "contentType errorMessage originalFileName provider")
    | each(NUMBER, "fileSize partsCount"),
)
UPLOADED = an_object({"upload": UPLOAD})
ASSET = an_object(
    {
        "id": ASSET_ID,
        "kind": word(("3d", "audio", "document", "image", "image-hdr", "json", "text", "video")),
        "privacy": PRIVACY,
        "status": word(("pending", "success", "error")),
        "url": link(RESULT),
    }
    | each(TEXT, "authorId mimeType ownerId source")
    | each(TIME, "createdAt updatedAt")
    | each(OPEN, "metadata properties")
    | each(several(TEXT), "collectionIds editCapabilities tags"),
    {
        "deletedAt": TIME,
        "embedding": ANY,
        "isHidden": FLAG,
        "nsfw": several(TEXT),
        "originalFileUrl": LINK,
        "outputIndex": NUMBER,
        "qualityGate": OPEN,
    }
    | each(TEXT, "automaticCaptioning description originalMimeType")
    | each(PICTURE, "firstFrame lastFrame preview thumbnail"),
)
INPUT = an_object(
    each(TEXT, "name type"),
    each(
        ANY,
        "allowedValues backgroundBehavior color costImpact default description group hint inputs "
        "kind label maskFrom max maxDuration maxLength maxSize min minDuration minLength modelTypes "
        "parent placeholder prompt promptSpark required step",
    ),
)
MODEL = an_object(
    {"custom": FLAG, "privacy": PRIVACY, "trainingImagesNumber": NUMBER}
    | each(TEXT, "id source status type")
    | each(TIME, "createdAt updatedAt")
    | each(several(TEXT), "capabilities collectionIds exampleAssetIds tags"),
    {
        "accessRestrictions": NUMBER,
        "disableRefund": FLAG,
        "inputs": several(INPUT),
        "performanceStats": an_object({"variants": several(OPEN)}, {"default": TEXT}),
    }
    | each(
        ANY,
        "authorId class compliantModelIds concepts deletedAt epoch epochs jobId modelKeyword name "
        "negativePromptEmbedding ownerId parameters parentModelId promptEmbedding shortDescription "
        "softDeletionOn thumbnail trainingImagePairs trainingImages trainingProgress trainingStats "
        "uiConfig userId",
    ),
)
PACK = an_object({}, {"currency": TEXT} | each(NUMBER, "creativeUnits expires unitAmount"))
# 5: where it has been seen.
REFUSAL = an_object({}, each(TEXT, "message reason") | each(ANY, "error details"))
SUBMIT = r"/generate/custom/[^/]+"

DOCUMENTS = Documents(
    calls=(
        read(
            "list of jobs",
            r"/jobs",
            an_object({"jobs": several(JOB)}, {"nextPaginationToken": TEXT}),
            "2.3 K",
        ),
        read("model", r"/models/[^/]+", an_object({"model": MODEL}), "2.10 K"),
        read("prices of units", r"/oscu/prices", an_object({"prices": several(PACK)}), "6 K"),
        Call("begin of an upload", "POST", r"/uploads", UPLOADED, "2.6 K, D"),
        Call(
            "end of an upload",
            "POST",
            r"/uploads/[^/]+/action",
            UPLOADED,
            "2.6 K, D",
        ),
        read("upload", r"/uploads/[^/]+", UPLOADED, "2.6 K, D"),
        Call(
            "dry run",
            "POST",
            SUBMIT,
            an_object({}, {"job": JOB, **COST}),
            "2.1 K",
            params=("dryRun",),
            statuses=(269,),
        ),
        Call("submit", "POST", SUBMIT, an_object({"job": JOB}, COST), "2.1 S0, K"),
        read("poll", r"/jobs/[^/]+", an_object({"job": JOB}), "2.2 K"),
        read("asset", r"/assets/[^/]+", an_object({"asset": ASSET}), "2.7 K, D"),
    ),
    refusals={None: REFUSAL},
    unknown_id="job_000000000000000000000000",
    link_lasts=RESULT,
    hosts=("cdn.cloud.scenario.com", "cdn.scenario.com"),
    unsaid=(
        "How a refusal's body looks, and which headers come with any answer.",
        "How many units the edit costs, how long an upload's parts are good, and the names inside a keyframe.",
        "Whether `cuCost` is before or after the discount.",
    ),
)
