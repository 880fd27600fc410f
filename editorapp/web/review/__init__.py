"""Review's pages: what people say about takes, and what they decide."""
