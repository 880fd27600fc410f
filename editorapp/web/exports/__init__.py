"""Handing on: what of chosen takes can be taken along, and the addresses for it."""
