from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "editorapp.providers"
    label = "providers"
