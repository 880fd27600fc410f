"""Shared links, for those who make them: /shares/."""
