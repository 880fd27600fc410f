"""Where each screen lives; one block a screen, in web/urls.py."""

from django.urls import include, path

urlpatterns = [path("", include("editorapp.web.urls"))]

handler400 = "editorapp.web.shell.views.bad_request"
