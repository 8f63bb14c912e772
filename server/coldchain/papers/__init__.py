"""The papers, made by themselves: a trip's sheet, the record by sections, and the live link."""
