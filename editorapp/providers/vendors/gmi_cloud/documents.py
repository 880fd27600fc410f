"""What GMI's documents say of its answers. Sections of docs/providers/gmi-cloud.md.

They are short: what a request's record holds beside the page's own fields is the SDK's word (K),
and no header, no status of a refusal and no lifetime of a link is documented at all.
"""

from editorapp.providers.documents.language import (
    ANY,
    EPOCH,
    FLAG,
    LINK,
    NUMBER,
    OPEN,
    TEXT,
    UUID,
    Call,
    Documents,
    an_id,
    an_object,
    each,
    read,
    several,
    word,
)
from editorapp.providers.vendors.gmi_cloud.jobs import STATES
from editorapp.providers.vendors.gmi_cloud.parameters import MODEL_IDS

STATUS = word((*STATES.words, "cancelled"))
TIMES = each(EPOCH, "created_at queued_at updated_at")
# 2.1
ACCEPTED = an_object(
    {"request_id": an_id(UUID), "status": STATUS}, {"model": word(MODEL_IDS.values()), **TIMES}
)
OUTCOME = an_object(
    {},
    {
        "generation_id": an_id(UUID),
        "media_urls": several(an_object({"url": LINK}, {"id": TEXT})),
        "error": ANY,
    }
    | each(LINK, "video_url thumbnail_image_url")
    | each(TEXT, "error_code error_source"),
)
# 2.2; `error` at the top is OBS
RECORD = an_object(
    {"request_id": an_id(UUID), "model": TEXT, "status": STATUS},
    {
        "outcome": OUTCOME,
        "payload": OPEN,
        "is_public": FLAG,
        "error": ANY,
    }
    | each(TEXT, "org_id qworker_id")
    | TIMES,
)
PRICE = an_object({"price": ANY, "pricing_type": TEXT, "unit": TEXT})
# 5: a text or an object
REFUSAL = an_object({"error": ANY}, {"message": TEXT, "detail": ANY, "details": ANY})

DOCUMENTS = Documents(
    calls=(
        read("list of models", r"/models", an_object({"model_ids": several(TEXT)}), "2.3 A"),
        read(
            "model",
            r"/models/[^/]+",
            an_object({"parameters": ANY, "price_info": PRICE}, {"model_id": TEXT}),
            "2.3 A, K",
        ),
        read(
            "list of requests",
            r"/requests",
            an_object({"requests": several(RECORD), "total": NUMBER}),
            "2.3 K",
        ),
        Call("submit", "POST", r"/requests", ACCEPTED, "2.1 S2, K", statuses=(200, 201)),
        read("poll", r"/requests/[^/]+", RECORD, "2.2 S2, K"),
        Call(
            "upload address",
            "POST",
            r"/upload-url",
            an_object({"upload_url": LINK, "public_url": LINK}),
            "2.4 OBS",
        ),
    ),
    refusals={None: REFUSAL},
    unknown_id="00000000-0000-4000-8000-000000000000",
    hosts=("storage.googleapis.com",),
    unsaid=(
        "How long a result's link is good, and which headers come with any answer.",
        "Which status and which words an unknown request is refused with.",
        "Whether the live price of the edit is the published one, and at which quality it counts.",
    ),
)
