"""People, organisations, and what each may do; every other room asks here."""
