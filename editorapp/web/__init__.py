"""Web owns what answers a browser or a script: views, forms, commands.

It holds no rule and does no arithmetic.

A newcomer would ask why all screens share one room: they share a shell, and each screen is one
module in views/.
"""
