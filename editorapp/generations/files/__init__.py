"""Files on their way: sources to a provider, results home, whole and verified or not at all."""
