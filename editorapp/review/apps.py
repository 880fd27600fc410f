from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "editorapp.review"
    label = "review"
