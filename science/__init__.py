"""What temperature does to fish, and what may be said about it. Pure: no table, no clock, no IO.

Everything is a function of an `Exposure`: how many milliseconds at which temperature. Exposures
add, so neither the order of events nor the number of trucks, plants and owners can change a result.
Results that are kept are integers; every figure names its source, and a `Mark` says how sure it is.
"""
