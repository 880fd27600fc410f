from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "editorapp.teams"
    label = "teams"
