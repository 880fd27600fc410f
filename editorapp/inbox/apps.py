from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "editorapp.inbox"
    label = "inbox"
