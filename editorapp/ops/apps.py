from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "editorapp.ops"
