"""Filters that every page may use: {% load rushes %}."""
