"""The cold chain: lots, custody, places, labels, recalls, and their traces."""
