"""Exports: what leaves the house. Chosen takes as files with their papers, timelines for editing programs,
contact sheets; and the mark on each file that says it was made with AI.

Owns no tables: all is written while it is sent, from what the other rooms keep. Knows no page: names
of files and what tells takes apart come in from whoever asks.
"""
