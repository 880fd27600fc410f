"""URLs: where each screen lives, one block a screen."""

from django.urls import URLPattern, URLResolver, include, path

from editorapp.web.accounts import verification_views as verifying
from editorapp.web.accounts import views as accounts
from editorapp.web.audit import views as audit
from editorapp.web.compare import views as compare
from editorapp.web.costs import views as costs
from editorapp.web.exports import views as exports
from editorapp.web.gallery import views as gallery
from editorapp.web.guests import views as guests
from editorapp.web.inbox import views as inbox
from editorapp.web.keeping import organise_views as organising
from editorapp.web.keeping import tag_views as tags
from editorapp.web.keeping import trash_views as trash
from editorapp.web.media import views as media
from editorapp.web.model_pages import views as models
from editorapp.web.people import views as people
from editorapp.web.projects import views as projects
from editorapp.web.queue import urls as queue
from editorapp.web.review import comment_views as comments
from editorapp.web.review import urls as review
from editorapp.web.shares import views as shares
from editorapp.web.shell import views as shell
from editorapp.web.sign_in import oidc_views as oidc
from editorapp.web.sign_in import passkey_views as passkeys
from editorapp.web.sign_in import views as doors
from editorapp.web.status import views as status
from editorapp.web.studio import views as studio
from editorapp.web.takes import settle_views as settle
from editorapp.web.takes import views as takes

PEOPLE = doors.urlpatterns + passkeys.urlpatterns + oidc.urlpatterns + people.urlpatterns
urlpatterns: list[URLPattern | URLResolver] = [
    path("", shell.front),
    path("", include((PEOPLE, "people"))),
    path("media/", include((media.urlpatterns, "media"))),
    path("shell/", include((shell.urlpatterns, "shell"))),
    path("studio/", include((studio.urlpatterns, "studio"))),
    path("gallery/keep/", include((organising.urlpatterns, "keep"))),
    path("gallery/tags/", include((tags.urlpatterns, "tags"))),
    path("gallery/trash/", include((trash.urlpatterns, "trash"))),
    path("gallery/", include((gallery.urlpatterns, "gallery"))),
    path("compare/", include((compare.urlpatterns, "compare"))),
    path("comments/", include((comments.urlpatterns, "comments"))),
    path("exports/", include((exports.urlpatterns, "exports"))),
    path("review/", include((review.urlpatterns, "review"))),
    path("takes/", include((takes.urlpatterns, "takes"))),
    path("unknown/", include((settle.urlpatterns, "settle"))),
    path("queue/", include((queue.urlpatterns, "queue"))),
    path("models/", include((models.urlpatterns, "models"))),
    path("accounts/", include((accounts.urlpatterns, "accounts"))),
    path("verifying/", include((verifying.urlpatterns, "verifying"))),
    path("status/", include((status.urlpatterns, "status"))),
    path("costs/", include((costs.urlpatterns, "costs"))),
    path("projects/", include((projects.urlpatterns, "projects"))),
    path("shares/", include((shares.urlpatterns, "shares"))),
    path("s/", include((guests.urlpatterns, "guests"))),
    path("audit/", include((audit.urlpatterns, "audit"))),
    path("inbox/", include((inbox.urlpatterns, "inbox"))),
]
