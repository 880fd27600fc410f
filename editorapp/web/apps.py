from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "editorapp.web"
    label = "web"
