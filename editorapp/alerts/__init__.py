"""Alerts own what needs a person: opened once, told by e-mail and webhook until it arrives, closed
when it is over.

They know nothing of video or money: a kind, a subject ("generation:12") and a sentence come in from
the right. A newcomer would ask why no alert is sent where it is raised: the row is written in the
caller's own transaction and the ticker sees it once that is committed. So no network call happens
inside one, none is lost, and a burst is one message.
"""
