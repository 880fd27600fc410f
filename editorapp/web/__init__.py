"""Web owns the pages: requests in, HTML out.

It holds no rule and does no arithmetic. One folder a screen, with its views, its forms and what
its templates are given; `presenters` is what several screens show alike, `shell` what stands
around them all. A newcomer would ask why all screens share one room: they share that shell.
"""
