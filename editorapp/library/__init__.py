"""Library owns how takes are found and kept in order: the index of their words, tags, stars,
ratings, colours and saved views.

It reads takes and what is said about them, and changes neither. A newcomer would ask why the words
of a take are kept once more: so that one index, made by the database itself, finds a word in a
prompt, a note, a tag or the name of a clip alike, however many takes there are.
"""
