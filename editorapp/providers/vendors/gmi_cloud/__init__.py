"""GMI Cloud's request queue: Ray 3.2 through GMI, which passes it on to Luma.

Facts are from docs/providers/gmi-cloud.md.
"""

from editorapp.providers.vendors.gmi_cloud.bodies import decode, encode, endpoint
from editorapp.providers.vendors.gmi_cloud.documents import DOCUMENTS
from editorapp.providers.vendors.gmi_cloud.jobs import explain, ping, poll, submit
from editorapp.providers.vendors.gmi_cloud.listing import recent
from editorapp.providers.vendors.gmi_cloud.models import SPEC
from editorapp.providers.vendors.gmi_cloud.prices import PRICES
from editorapp.providers.vendors.gmi_cloud.quotes import quote
from editorapp.providers.vendors.gmi_cloud.staging import stage

__all__ = [
    "DOCUMENTS",
    "PRICES",
    "SPEC",
    "decode",
    "encode",
    "endpoint",
    "explain",
    "ping",
    "poll",
    "quote",
    "recent",
    "stage",
    "submit",
]
