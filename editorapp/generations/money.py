"""What an attempt is, in the ledger's words."""

from editorapp.costs.ledger import Subject
from editorapp.generations.models import Attempt


def subject(attempt: Attempt) -> Subject:
    generation = attempt.generation
    return Subject(
        team_id=generation.team_id,
        person_id=generation.created_by_id,
        person_name=str(generation.created_by),
        generation_id=generation.pk,
        attempt_id=attempt.pk,
        provider=generation.provider,
        model=generation.model,
        task=generation.task,
        is_simulated=generation.is_simulated,
    )
