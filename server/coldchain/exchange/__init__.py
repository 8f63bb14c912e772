"""Between our tables and EPCIS: events as facts for who may see them, and facts as actions."""
