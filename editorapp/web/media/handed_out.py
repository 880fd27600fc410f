"""Handed-out files: a stored file as it leaves, with its mark where it was made with AI.

What is shown inside a page (playable copies, posters, stills) leaves as it is kept; an original, and
whatever is downloaded, is marked.
"""

from dataclasses import dataclass, replace

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response

from editorapp.exports.provenance.ai_mark import AiMark, mark_of
from editorapp.exports.provenance.leaving import (
    LeavingFile,
    leaving,
    leaving_picture,
    leaving_whole,
)
from editorapp.generations.models import Generation
from editorapp.media import layout
from editorapp.media.models import Asset
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.web.media.ranges import serve
from editorapp.web.presenters import file_names


@dataclass(frozen=True)
class HandedOut:
    """A file of the store on its way out: `part` of an asset, under a name."""

    asset: Asset
    part: str
    content_type: str
    name: str
    download: bool = False
    mark: AiMark | None = None

    def answer(self, request: MemberRequest) -> HttpResponseBase:
        """Answer with the file. Raises: store.Gone, Refusal."""
        if self._is_of_frames:
            return self._frames(request)
        made = leaving(self.asset.sha256, self.mark, what=self.part, name=self.name)
        return serve(
            request,
            made.file,
            content_type=self.content_type,
            etag=self._etag(made),
            name=self.name,
            download=self.download,
        )

    @property
    def _is_of_frames(self) -> bool:
        is_archive = self.asset.kind == Asset.Kind.ARCHIVE and self.part == layout.ORIGINAL
        return is_archive and self.mark is not None

    def _etag(self, made: LeavingFile) -> str:
        return f'"{self.asset.sha256[:32]}-{self.part}{made.tag}"'

    def _frames(self, request: MemberRequest) -> HttpResponseBase:
        """Answer with an archive whose frames are marked; as it is where it cannot be read."""
        made, pieces = leaving_whole(self.asset, self.mark, name=self.name, now=timezone.now())
        if not made.is_marked:
            return replace(self, mark=None).answer(request)
        etag = self._etag(made)
        if unchanged := get_conditional_response(request, etag=etag):
            return unchanged
        headers = {
            "Content-Type": self.content_type,
            "Content-Disposition": file_names.disposition(self.name, is_download=self.download),
            "ETag": etag,
            "Cache-Control": "private, max-age=300",
            "Accept-Ranges": "none",
        }
        if request.method == "HEAD":
            return HttpResponse(headers=headers)
        return StreamingHttpResponse(pieces, headers=headers)


def take_behind(asset: Asset, member: Member, *, take: int | None = None) -> Generation | None:
    """Return the take that a file comes from: its own, or the one that it was cut from."""
    for one in asset.cut_chain():
        if (found := file_names.take_of(one, member, take=take)) is not None:
            return found
    return None


def ai_mark(take: Generation | None) -> AiMark | None:
    """Return the mark of a take's files; None for what is of no take."""
    return None if take is None else mark_of(take)


def picture(data: bytes, mark: AiMark | None, *, asset: Asset, what: str, name: str) -> bytes:
    """Return a still of a clip as it leaves. `what`: what tells it from the clip's other stills."""
    if mark is None:
        return data
    return leaving_picture(data, mark, sha256=asset.sha256, what=what, name=name)
