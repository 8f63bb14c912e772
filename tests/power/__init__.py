"""Power cuts and failing cards: what a real ext4 holds when the current goes at any moment."""
