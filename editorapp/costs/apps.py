from django.apps import AppConfig


class CostsConfig(AppConfig):
    name = "editorapp.costs"
    label = "costs"
