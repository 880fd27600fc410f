"""Rendering: the actual source, drawn again so that a person sees what was asked for.

Works on 8-bit YUV 4:2:0 planes, as decoders give them and encoders take them: a colour grade is
then table look-ups and the chroma planes are a quarter of the picture. That is what makes it faster
than the clip plays.
"""
