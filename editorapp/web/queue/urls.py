"""Queue: its page, and what can be done there."""

from django.urls import path

from editorapp.web.queue import actions, views

urlpatterns = [
    path("", views.page, name="page"),
    path("<str:verb>", actions.whole, name="whole"),
    path("<int:pk>/<str:verb>", actions.arrange, name="arrange"),
    path("batch/<uuid:batch>/cancel", actions.cancel_batch, name="cancel_batch"),
    path("account/<int:pk>/<str:verb>", actions.of_account, name="account"),
]
