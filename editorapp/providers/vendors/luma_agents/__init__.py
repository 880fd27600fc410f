"""Luma Agents: Ray 3.2 over Luma's own API. Facts are from docs/providers/luma-agents.md."""

from editorapp.providers.vendors.luma_agents.documents import DOCUMENTS
from editorapp.providers.vendors.luma_agents.jobs import ping, poll, submit
from editorapp.providers.vendors.luma_agents.models import SPEC, decode, encode, endpoint
from editorapp.providers.vendors.luma_agents.prices import PRICES
from editorapp.providers.vendors.luma_agents.staging import stage
