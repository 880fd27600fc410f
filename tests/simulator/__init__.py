"""The simulator, held against the official SDK, the contract cases and real clips."""
