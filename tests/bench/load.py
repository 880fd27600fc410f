"""What is asked for in a measurement: jobs that take between 20 and 60 seconds, spread evenly."""

SHORTEST, LONGEST = 20.0, 60.0


def seconds(number: int) -> float:
    """Return how long a job takes; neighbours differ, so that jobs do not end in the order of their start."""
    return SHORTEST + (number * 37 % 100) / 99 * (LONGEST - SHORTEST)


def prompt(number: int) -> str:
    """Return a prompt that lets the simulator take that long."""
    return f"A quiet harbor at dawn, take {number} [[slow:{seconds(number):.2f}]]"
