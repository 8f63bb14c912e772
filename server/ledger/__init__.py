"""The public append-only log: one sequencer, signed checkpoints, proofs and tiles."""
