"""Reconciliation: paid calls whose outcome nobody knows are looked for, compared, settled; never sent again by
themselves.
"""
