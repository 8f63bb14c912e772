"""The shopper's page: what it says, what it never says, and its proof in a real browser."""
