"""A tiny Django app that notes what each queue task costs in CPU, itself and the children that it
waited for.
"""
