"""The work pages: by a client, and in a real browser with and without script."""
