"""The work pages: what cooperative, plant, carrier, wholesaler and shop do, by phone or tablet.

One task per screen, the next step the biggest thing on it; whole without script. Every form carries
the name of its request, so that sent twice it is done once, and comes back with what was typed.
"""
