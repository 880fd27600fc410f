"""Draft: a request, the account that would carry it out, and what of ours it is made from.

The form makes drafts; they are checked, quoted and offered, and a queued one becomes a generation.
"""

from dataclasses import dataclass
from functools import cached_property

from editorapp.generations.models import Generation
from editorapp.media.facts import MediaFacts
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Model, Spec


@dataclass(frozen=True)
class Draft:
    """What is not queued yet.

    `source_asset` is the stored clip that is edited, `parent` the take that is edited or continued;
    each None where there is none, or where it is not known (yet). `finishes` is the draft whose
    request this is once more, at full quality.
    """

    wanted: GenerationRequest
    account: ProviderAccount
    source_asset: Asset | None = None
    parent: Generation | None = None
    finishes: Generation | None = None
    project_id: int | None = None  # the board that the take is put on; no provider is told

    @classmethod
    def of(cls, generation: Generation) -> "Draft":
        """Return a generation's request as if it were to be sent once more."""
        source, project = generation.source_asset, generation.project_id
        return cls(generation.wanted, generation.account, source, project_id=project)

    @cached_property
    def spec(self) -> Spec:
        return self.account.spec

    @cached_property
    def model(self) -> Model:
        return self.spec.model_for(self.wanted)

    @cached_property
    def facts(self) -> MediaFacts | None:
        return self.source_asset.facts() if self.source_asset else None

    @property
    def is_quoted(self) -> bool:
        """Must the price be asked for at the provider, because none is published?"""
        return self.model.is_priced_by_asking
