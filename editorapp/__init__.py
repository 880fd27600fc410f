"""Rushes: a web studio for editing video with Luma's Ray 3.2.

A room imports itself and what stands to its left, never what stands to its right:
core, teams, media, providers, costs, generations, review, web, simulator. tests/test_imports.py holds that line.
"""
