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
    link,
    price,
    several,
    word,
)
from editorapp.providers.vendors.scenario.jobs import LINK_LIFETIME, STATES

STATUS = word((*STATES.words, "canceled"))
RESULT = Lifetime(
    least_seconds=LINK_LIFETIME.total_seconds() - 60
)  # 2.8: by the calendar, at least a day
ASSET_ID, JOB_ID = an_id(r"asset_\w+"), an_id(r"job_\w+")
PICTURE = an_object({"assetId": ASSET_ID, "url": LINK})
BILLING = an_object(
    {"cuCost": price(), "cuDiscount": NUMBER},
    {
        "cuCostDetails": an_object({}, {"ip-detection": NUMBER, "quality-gate": NUMBER}),
        "disableRefund": FLAG,
    },
)
JOB = an_object(
    {
        "jobId": JOB_ID,
        "jobType": TEXT,
        "status": STATUS,
        "progress": NUMBER,
        "statusHistory": several(an_object({"date": TIME, "status": STATUS})),
        "metadata": an_object(
            {},
            {
                "assetIds": several(ASSET_ID),
                "error": TEXT,
                "flow": ANY,
                "hint": TEXT,
                "input": OPEN,
                "output": OPEN,
                "outputModelId": TEXT,
                "workflowId": TEXT,
                "workflowJobId": TEXT,
            },
        ),
        "createdAt": TIME,
        "updatedAt": TIME,
    },
    {"authorId": TEXT, "billing": BILLING, "ownerId": TEXT},
)
COST = {
    "creativeUnitsCost": price(),
    "creativeUnitsDiscount": NUMBER,
    "costDetails": OPEN,
    "ipDetection": OPEN,
}
UPLOAD = an_object(
    {
        "id": an_id(),
        "authorId": TEXT,
        "createdAt": TIME,
        "fileName": TEXT,
        "kind": word(("3d", "asset", "audio", "avatar", "image", "model", "text", "video")),
        "ownerId": TEXT,
        "source": word(("civitai", "huggingface", "multipart", "other", "url")),
        "status": word(("complete", "failed", "imported", "pending", "validated", "validating")),
        "updatedAt": TIME,
    },
    {
        "assetOptions": OPEN,
        "config": ANY,
        "contentType": TEXT,
        "entityId": ASSET_ID,
        "errorMessage": TEXT,
        "fileSize": NUMBER,
        "jobId": JOB_ID,
        "originalFileName": TEXT,
        "parts": several(an_object({"expires": TIME, "number": NUMBER, "url": LINK})),
        "partsCount": NUMBER,
        "provider": TEXT,
        "url": LINK,
    },
)
ASSET = an_object(
    {
        "id": ASSET_ID,
        "authorId": TEXT,
        "collectionIds": several(TEXT),
        "createdAt": TIME,
        "editCapabilities": several(TEXT),
        "kind": word(("3d", "audio", "document", "image", "image-hdr", "json", "text", "video")),
        "metadata": OPEN,
        "mimeType": TEXT,
        "ownerId": TEXT,
        "privacy": word(("private", "public", "unlisted")),
        "properties": OPEN,
        "source": TEXT,
        "status": word(("pending", "success", "error")),
        "tags": several(TEXT),
        "updatedAt": TIME,
        "url": link(RESULT),
    },
    {
        "automaticCaptioning": TEXT,
        "deletedAt": TIME,
        "description": TEXT,
        "embedding": ANY,
        "firstFrame": PICTURE,
        "isHidden": FLAG,
        "lastFrame": PICTURE,
        "nsfw": several(TEXT),
        "originalFileUrl": LINK,
        "originalMimeType": TEXT,
        "outputIndex": NUMBER,
        "preview": PICTURE,
        "qualityGate": OPEN,
        "thumbnail": PICTURE,
    },
)
INPUT = an_object(
    {"name": TEXT, "type": TEXT},
    dict.fromkeys(
        (
            "allowedValues",
            "backgroundBehavior",
            "color",
            "costImpact",
            "default",
            "description",
            "group",
            "hint",
            "inputs",
            "kind",
            "label",
            "maskFrom",
            "max",
            "maxDuration",
            "maxLength",
            "maxSize",
            "min",
            "minDuration",
            "minLength",
            "modelTypes",
            "parent",
            "placeholder",
            "prompt",
            "promptSpark",
            "required",
            "step",
        ),
        ANY,
    ),
)
MODEL = an_object(
    {
        "id": TEXT,
        "capabilities": several(TEXT),
        "collectionIds": several(TEXT),
        "createdAt": TIME,
        "custom": FLAG,
        "exampleAssetIds": several(TEXT),
        "privacy": word(("private", "public", "unlisted")),
        "source": TEXT,
        "status": TEXT,
        "tags": several(TEXT),
        "trainingImagesNumber": NUMBER,
        "type": TEXT,
        "updatedAt": TIME,
    },
    {
        "accessRestrictions": NUMBER,
        "disableRefund": FLAG,
        "inputs": several(INPUT),
        "performanceStats": an_object({"variants": several(OPEN)}, {"default": TEXT}),
    }
    | dict.fromkeys(
        (
            "authorId",
            "class",
            "compliantModelIds",
            "concepts",
            "deletedAt",
            "epoch",
            "epochs",
            "jobId",
            "modelKeyword",
            "name",
            "negativePromptEmbedding",
            "ownerId",
            "parameters",
            "parentModelId",
            "promptEmbedding",
            "shortDescription",
            "softDeletionOn",
            "thumbnail",
            "trainingImagePairs",
            "trainingImages",
            "trainingProgress",
            "trainingStats",
            "uiConfig",
            "userId",
        ),
        ANY,
    ),
)
PACK = an_object(
    {}, {"creativeUnits": NUMBER, "currency": TEXT, "expires": NUMBER, "unitAmount": NUMBER}
)
REFUSAL = an_object(
    {}, {"message": TEXT, "error": ANY, "reason": TEXT, "details": ANY}
)  # 5: where it has been seen
SUBMIT = r"/generate/custom/[^/]+"

DOCUMENTS = Documents(
    calls=(
        Call(
            name="list of jobs",
            method="GET",
            path=r"/jobs",
            shape=an_object({"jobs": several(JOB)}, {"nextPaginationToken": TEXT}),
            statuses=(200,),
            source="2.3 K",
        ),
        Call(
            name="model",
            method="GET",
            path=r"/models/[^/]+",
            shape=an_object({"model": MODEL}),
            statuses=(200,),
            source="2.10 K",
        ),
        Call(
            name="prices of units",
            method="GET",
            path=r"/oscu/prices",
            shape=an_object({"prices": several(PACK)}),
            statuses=(200,),
            source="6 K",
        ),
        Call(
            name="begin of an upload",
            method="POST",
            path=r"/uploads",
            shape=an_object({"upload": UPLOAD}),
            source="2.6 K, D",
        ),
        Call(
            name="end of an upload",
            method="POST",
            path=r"/uploads/[^/]+/action",
            shape=an_object({"upload": UPLOAD}),
            source="2.6 K, D",
        ),
        Call(
            name="upload",
            method="GET",
            path=r"/uploads/[^/]+",
            shape=an_object({"upload": UPLOAD}),
            statuses=(200,),
            source="2.6 K, D",
        ),
        Call(
            name="dry run",
            method="POST",
            path=SUBMIT,
            params=("dryRun",),
            shape=an_object({}, {"job": JOB, **COST}),
            statuses=(269,),
            source="2.1 K",
        ),
        Call(
            name="submit",
            method="POST",
            path=SUBMIT,
            shape=an_object({"job": JOB}, COST),
            source="2.1 S0, K",
        ),
        Call(
            name="poll",
            method="GET",
            path=r"/jobs/[^/]+",
            shape=an_object({"job": JOB}),
            statuses=(200,),
            source="2.2 K",
        ),
        Call(
            name="asset",
            method="GET",
            path=r"/assets/[^/]+",
            shape=an_object({"asset": ASSET}),
            statuses=(200,),
            source="2.7 K, D",
        ),
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
