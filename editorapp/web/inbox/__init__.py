"""Inbox pages: what a person was told, how they want it by mail, and the team's webhooks."""
