from django.apps import AppConfig


class MediaConfig(AppConfig):
    name = "editorapp.media"
    label = "media"
