"""GMI Cloud's request queue: Ray 3.2 through GMI, which passes it on to Luma.

Facts are from docs/providers/gmi-cloud.md.
"""

from editorapp.providers.vendors.gmi_cloud.documents import DOCUMENTS
from editorapp.providers.vendors.gmi_cloud.jobs import explain, ping, poll, recent, submit
from editorapp.providers.vendors.gmi_cloud.models import SPEC, decode, encode, endpoint
from editorapp.providers.vendors.gmi_cloud.prices import PRICES, quote
from editorapp.providers.vendors.gmi_cloud.staging import stage
