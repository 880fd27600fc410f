from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "editorapp.generations"
    label = "generations"
