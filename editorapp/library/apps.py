from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "editorapp.library"
    label = "library"

    def ready(self) -> None:
        from editorapp.library import receivers  # noqa: F401
