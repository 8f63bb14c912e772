"""The cold chain: lots from landing to consumption, and how cold they stayed."""
