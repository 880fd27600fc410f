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
    several,
    word,
)
from editorapp.providers.vendors.gmi_cloud.parameters import MODEL_IDS
from editorapp.providers.vendors.gmi_cloud.status_words import STATES

STATUS = word((*STATES.words, "cancelled"))
TIMES = {"created_at": EPOCH, "queued_at": EPOCH, "updated_at": EPOCH}
ACCEPTED = an_object(
    {"request_id": an_id(UUID), "status": STATUS}, {"model": word(MODEL_IDS.values()), **TIMES}
)  # 2.1
OUTCOME = an_object(
    {},
    {
        "video_url": LINK,
        "generation_id": an_id(UUID),
        "thumbnail_image_url": LINK,
        "media_urls": several(an_object({"url": LINK}, {"id": TEXT})),
        "error": ANY,
        "error_code": TEXT,
        "error_source": TEXT,
    },
)
RECORD = an_object(
    {"request_id": an_id(UUID), "model": TEXT, "status": STATUS},
    {
        "outcome": OUTCOME,
        "payload": OPEN,
        "org_id": TEXT,
        "qworker_id": TEXT,
        "is_public": FLAG,
        "error": ANY,
        **TIMES,
    },
)  # 2.2; `error` at the top is OBS
PRICE = an_object({"price": ANY, "pricing_type": TEXT, "unit": TEXT})
REFUSAL = an_object(
    {"error": ANY}, {"message": TEXT, "detail": ANY, "details": ANY}
)  # 5: a text or an object

DOCUMENTS = Documents(
    calls=(
        Call(
            name="list of models",
            method="GET",
            path=r"/models",
            shape=an_object({"model_ids": several(TEXT)}),
            statuses=(200,),
            source="2.3 A",
        ),
        Call(
            name="model",
            method="GET",
            path=r"/models/[^/]+",
            shape=an_object({"parameters": ANY, "price_info": PRICE}, {"model_id": TEXT}),
            statuses=(200,),
            source="2.3 A, K",
        ),
        Call(
            name="list of requests",
            method="GET",
            path=r"/requests",
            shape=an_object({"requests": several(RECORD), "total": NUMBER}),
            statuses=(200,),
            source="2.3 K",
        ),
        Call(
            name="submit",
            method="POST",
            path=r"/requests",
            shape=ACCEPTED,
            statuses=(200, 201),
            source="2.1 S2, K",
        ),
        Call(
            name="poll",
            method="GET",
            path=r"/requests/[^/]+",
            shape=RECORD,
            statuses=(200,),
            source="2.2 S2, K",
        ),
        Call(
            name="upload address",
            method="POST",
            path=r"/upload-url",
            shape=an_object({"upload_url": LINK, "public_url": LINK}),
            source="2.4 OBS",
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
