"""A mail server and a webhook on loopback."""

from tests.receivers import hook as hook
from tests.receivers import mailbox as mailbox
