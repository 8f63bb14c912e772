"""What a shopper sees who scans the code on a box: one page, useful without script, and its proof.

Names of partners, prices, drivers and exact places are never on it; times are told to the hour.
"""
