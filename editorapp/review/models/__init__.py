"""Review's tables: what people say about takes, and what they decide."""

from editorapp.review.models.answers import Answer
from editorapp.review.models.comments import Comment, CommentEdit, Mention
from editorapp.review.models.decisions import ApprovalRule, Decision, ReviewRequest, Seen
from editorapp.review.models.playlists import Playlist, PlaylistItem
from editorapp.review.models.shares import Guest, Share, ShareItem

__all__ = [
    "Answer",
    "ApprovalRule",
    "Comment",
    "CommentEdit",
    "Decision",
    "Guest",
    "Mention",
    "Playlist",
    "PlaylistItem",
    "ReviewRequest",
    "Seen",
    "Share",
    "ShareItem",
]
