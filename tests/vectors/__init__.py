"""Golden and negative vectors: JSON files that any other implementation can run."""
