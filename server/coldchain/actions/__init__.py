"""What can be done in the cold chain: one function per use case."""
