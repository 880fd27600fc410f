"""What nobody else would notice: late jobs, expiring results, books that do not balance; and all of
it in figures.
"""
