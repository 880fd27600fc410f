from django.apps import AppConfig


class ReuseConfig(AppConfig):
    name = "editorapp.reuse"
    label = "reuse"
