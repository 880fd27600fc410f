from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "editorapp.alerts"
    label = "alerts"
