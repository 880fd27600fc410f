"""Keeping: what is done to chosen takes to keep them in order: marked, tagged, thrown away."""
