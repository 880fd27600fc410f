from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "editorapp.review"
    label = "review"

    def ready(self) -> None:
        from editorapp.review import receivers  # noqa: F401
