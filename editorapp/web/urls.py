"""Where each screen lives: one block a screen."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from editorapp.web.views import (
    accounts,
    costs,
    doors,
    gallery,
    media,
    models,
    people,
    queue,
    settle,
    shell,
    status,
    studio,
    takes,
    verifying,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="studio:page")),
    path("", include((doors.urlpatterns + people.urlpatterns, "people"))),
    path("media/", include((media.urlpatterns, "media"))),
    path("shell/", include((shell.urlpatterns, "shell"))),
    path("studio/", include((studio.urlpatterns, "studio"))),
    path("gallery/", include((gallery.urlpatterns, "gallery"))),
    path("takes/", include((takes.urlpatterns, "takes"))),
    path("unknown/", include((settle.urlpatterns, "settle"))),
    path("queue/", include((queue.urlpatterns, "queue"))),
    path("models/", include((models.urlpatterns, "models"))),
    path("accounts/", include((accounts.urlpatterns, "accounts"))),
    path("verifying/", include((verifying.urlpatterns, "verifying"))),
    path("status/", include((status.urlpatterns, "status"))),
    path("costs/", include((costs.urlpatterns, "costs"))),
]
