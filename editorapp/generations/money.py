"""What an attempt is, in the ledger's words."""

from editorapp.costs.ledger import Subject
from editorapp.generations.models import Attempt


def subject(attempt: Attempt) -> Subject:
    generation = attempt.generation
    return Subject(
        team_id=generation.team_id,
        person_id=attempt.person_id,
        person_name=str(attempt.person),
        generation_id=generation.pk,
        attempt_id=attempt.pk,
        provider=generation.provider,
        model=generation.model,
        task=generation.task,
        is_simulated=generation.is_simulated,
    )
