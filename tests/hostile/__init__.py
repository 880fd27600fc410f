"""A provider on loopback that answers what no document says, and what must come of each answer: one
table.
"""
