"""Rushes: a web studio for editing video with Luma's Ray 3.2.

A room imports itself and what stands to its left, never what stands to its right: core, teams,
alerts, media, providers, costs, generations, review, web, simulator. See tests/test_imports.py.
"""

__version__ = "0.1.0"
