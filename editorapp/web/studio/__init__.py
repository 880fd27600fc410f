"""Studio: the page on which drafts are composed: its form, its source, what a check says, and the
offers.
"""
