"""Worker processes: the queue's workers and the ticker that wakes them."""
