"""Single changes that take a safety line out of the code, each with the test that must notice it.

python -m tests.sabotage [words of a change's name] [--list]

Run by hand, for it takes minutes: each change is made in a copy of the tree, the tests named beside
it are run there, and a table says which changes were caught. It ends with 1 when one was not, or
when a change no longer fits the code (tests/test_sabotage.py, which is quick and part of every run,
says that too).

The changes are data, one module a room; to hold a further line, add a row there.
"""
