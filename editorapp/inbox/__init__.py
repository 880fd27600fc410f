"""Inbox owns what each person is told: notices on the page, mail at once or once a day, and the
team's webhooks with a log of their deliveries.

It knows nothing of takes or comments: a kind, a subject ("comment:12"), a path and words come in
from the right. A newcomer would ask why a notice is not sent where it is written: it is written in
the caller's own transaction, and the ticker sees it once that is committed. So no network call
happens inside one, nothing is told that did not happen, and a burst is one mail.
"""
