"""Spreadsheets out: key data elements in the manner of FSMA 204, and an inspector's workbook."""
