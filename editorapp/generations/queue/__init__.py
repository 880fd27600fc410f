"""Queue of what waits to be sent: whose turn it is, who may change that, and why nothing goes now."""
