from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "editorapp.exports"
    label = "exports"

    def ready(self) -> None:
        from editorapp.exports import receivers  # noqa: F401
