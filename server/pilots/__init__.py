"""Programmes of a regulatory sandbox: phases, caps, consents, flags; what they let through."""
