"""What a pilot allows: phases, caps, dates, consents and flags as pure functions and tables."""
