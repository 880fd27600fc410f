"""What keeps the engine going: signs of life, wake-ups, leases, and taking over from who was
killed.
"""
