"""The kill test: a whole installation at work while its processes are killed, one after the other,
at every step.

python -m tests.kill --generations 100 --kills 200 [--database postgresql] [--seed N]

It starts what a person starts (`manage.py serve`, `manage.py work`, the simulated providers;
PostgreSQL and Redis where asked for), has people upload clips and ask for generations in the
browser's way, kills processes with SIGKILL at named points of the code and at random instants, and
lets nobody but the installation itself, and for Luma a person at the page of unknown outcomes, put
things right. At the end the provider's own books are held against ours.
"""
