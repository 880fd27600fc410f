"""Core owns what every room needs and no product noun: money, time codes, paging, page-or-part
rendering, and the one table of retry policies, whose rows are read by all of them.

It has no tables and imports no other room.
"""
