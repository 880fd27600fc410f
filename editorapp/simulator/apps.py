from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "editorapp.simulator"
    label = "simulator"
