"""The engine with media in a bucket: what one machine fetched another has, and a bucket that is
away loses nothing.
"""

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media import intake, store
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from tests.generations.drive import ask, run
from tests.media import conftest as media

s3_port, bucket = media.s3_port, media.bucket  # the fixtures


def test_a_result_that_one_worker_fetched_is_on_every_machine(bucket, quick, clock, client):
    bucket.move("worker")
    ask()
    run(clock)
    generation = Generation.objects.get()
    kept = store.path(generation.result.sha256, store.ORIGINAL).read_bytes()

    bucket.move("web")
    client.force_login(generation.created_by)
    played = client.get(f"/media/{generation.result.pk}/playable")

    assert generation.state == State.SUCCEEDED
    assert played.status_code == 200 and played.getvalue() == kept


def test_a_result_that_the_bucket_cannot_take_now_is_fetched_later_and_never_called_unreadable(
    bucket, quick, clock, monkeypatch
):
    take_in, refused = intake.take_in, []

    def away_at_first(path, **more):
        if len(refused) < 2:
            bucket.gate.shut()
        try:
            return take_in(path, **more)
        except Refusal as refusal:
            refused.append(refusal.code)
            raise
        finally:
            bucket.gate.open()

    ask()
    monkeypatch.setattr(intake, "take_in", away_at_first)
    run(clock)

    generation = Generation.objects.get()
    assert refused == ["storage_away", "storage_away"]
    assert generation.state == State.SUCCEEDED and store.exists(
        generation.result.sha256, store.ORIGINAL
    )
    assert not Asset.objects.filter(kind=Asset.Kind.UNREADABLE).exists()
