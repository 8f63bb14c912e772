"""EPCIS 2.0 in JSON-LD, both ways. Pure: documents in, facts out, and back."""
