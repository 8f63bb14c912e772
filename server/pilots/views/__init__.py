"""Pages of the pilots: for everybody, for operators, and for whoever takes part."""
