"""The frame of every action of the cold chain."""
