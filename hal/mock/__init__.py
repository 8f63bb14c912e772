"""Simulated hardware: physical models with scripted faults, and recordings played back.

Shipped with the product, behind the same interface as real parts. Everything here is a function
of the seed and of the moments handed in: no thread, no sleep, no clock, no dice.
"""
