"""What is done in a pilot: one function per use case, one transaction, one deed, one outcome."""
