"""The night's 위판 list from a spreadsheet: read, previewed row by row, landed.

    found = preview(data, Plan(organisation, night, now_ms, columns))   # pure
    found = marked(found)                                               # what is there already
    done = take(desk, found, place)                                     # lands what is new

`columns` says which header is which field; None: as remembered, or guessed from the headers.
"""
