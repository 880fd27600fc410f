"""Compare: two to nine takes, or a take and its source, in step on one stage, and what differs."""
