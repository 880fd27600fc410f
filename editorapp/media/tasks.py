"""What the queue may call: an id in, one verb called."""

from django.db import transaction
from django_q.tasks import async_task

from editorapp.media import sandbox, store
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal

# Just below the queue's own limit of 600 s: the child ends first, and the row says so.
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
