"""Paid calls whose outcome nobody knows: looked for, compared, settled; never sent again by
themselves.
"""
