"""Other people's implementations, in an environment of their own, on our vectors."""
