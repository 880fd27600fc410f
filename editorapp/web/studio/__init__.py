"""What the studio's page is made of: the form, the source, the answers of the live check, the
quotes.
"""
