"""Media owns every stored file: receiving, probing, stills, posters, filmstrips, playable copies,
serving.

It knows nothing of providers or prices. A newcomer would ask why nothing here decodes in its own
process: a hostile file can crash or stall a decoder, so every decode runs in a child with limits
(sandbox.py), and a worker lives on.
"""
