"""Scenario: Luma's video models over Scenario's API. Facts are from docs/providers/scenario.md."""

from editorapp.providers.vendors.scenario.documents import DOCUMENTS
from editorapp.providers.vendors.scenario.jobs import explain, ping, poll, recent, submit
from editorapp.providers.vendors.scenario.models import SPEC, decode, encode, endpoint
from editorapp.providers.vendors.scenario.quotes import discover, quote
from editorapp.providers.vendors.scenario.staging import stage
