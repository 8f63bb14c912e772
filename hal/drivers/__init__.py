"""What devices say, decoded: pure functions from bytes to values, each citing its data sheet."""
