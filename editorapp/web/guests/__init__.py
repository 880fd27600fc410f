"""Guests of shared links: pages and media under /s/<token>/, for people without an account."""
