"""Messages to people and their programs: an outbox, words in two languages, and the ways out."""
