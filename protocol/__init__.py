"""What both ends must compute identically, down to the byte.

This package does no IO, reads no clock, draws no randomness and brings no cryptography:
verification and signing are functions that the caller passes in. It imports nothing of ours.
The normative text is docs/protocol.md.
"""
