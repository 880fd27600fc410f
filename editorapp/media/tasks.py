"""What the queue and the ticker may call: an id in, or nothing, and one verb called."""

from datetime import datetime, timedelta

from django.db import transaction
from django_q.tasks import async_task

from editorapp.media import sandbox, store
from editorapp.media.models import Asset, Upload
from editorapp.media.refusals import Refusal

# Just below the queue's own limit of 600 s: the child ends first, and the row says so.
_LOST_AFTER = timedelta(minutes=30)
_PROXY_LIMITS = sandbox.Limits(wall_seconds=570, cpu_seconds=1200, file_bytes=2_000_000_000)


def enqueue_proxy(asset: Asset) -> None:
    """Have the playable copy of a clip made once the transaction that stored it is through."""
    transaction.on_commit(lambda: async_task("editorapp.media.tasks.make_proxy", asset.pk))


def make_proxy(asset_id: int) -> None:
    """Make the copy of a clip that browsers can play. A copy that is there already is used again."""
    asset = Asset.objects.filter(pk=asset_id, proxy=Asset.Proxy.PENDING).first()
    if asset is None:
        return
    state = Asset.Proxy.READY
    if not store.path(asset.sha256, store.PROXY).exists():
        try:
            with store.workspace() as folder:
                original, made = store.path(asset.sha256, store.ORIGINAL), folder / store.PROXY
                sandbox.run(
                    "proxy", limits=_PROXY_LIMITS, path=str(original), out=str(made), fps=str(asset.fps),
                    frames=str(store.path(asset.sha256, store.FRAMES)),
                )  # fmt: skip
                store.keep(made, asset.sha256, store.PROXY)
        except Refusal:
            state = Asset.Proxy.FAILED  # poster, filmstrip and stills still work; the original is untouched
    Asset.objects.filter(pk=asset_id, proxy=Asset.Proxy.PENDING).update(proxy=state)


def sweep(now: datetime) -> None:
    """Clean up, about once an hour: uploads that were given up, files of killed jobs, copies that nobody makes.

    A queue may lose a task when its worker is killed; the row still says "pending", so it is asked for again.
    """
    Upload.objects.filter(created_at__lt=now - timedelta(days=1)).delete()
    store.sweep(now=now.timestamp())
    lost = Asset.objects.filter(proxy=Asset.Proxy.PENDING, deleted_at=None, created_at__lt=now - _LOST_AFTER)
    for asset in lost.order_by("pk")[:20]:
        enqueue_proxy(asset)
