"""Where each screen lives: one block a screen."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from editorapp.web.views import media, people, shell, studio

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="studio:page")),
    path("", include((people.urlpatterns, "people"))),
    path("media/", include((media.urlpatterns, "media"))),
    path("shell/", include((shell.urlpatterns, "shell"))),
    path("studio/", include((studio.urlpatterns, "studio"))),
]
