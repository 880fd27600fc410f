"""Verification: an account held against its provider's documents: all that is free, then one paid take that a
person agrees to.
"""
