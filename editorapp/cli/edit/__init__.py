"""What `manage.py edit` is made of: its options, its words, and an engine of its own where none
runs.
"""
