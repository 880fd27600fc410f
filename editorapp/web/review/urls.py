"""Review's URLs: the round, verdicts, playlists."""

from editorapp.web.review import playlist_views, round_views, verdict_views

urlpatterns = [
    *round_views.urlpatterns,
    *verdict_views.urlpatterns,
    *playlist_views.urlpatterns,
]
