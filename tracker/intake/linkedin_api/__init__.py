"""LinkedIn Learning's Reporting API: what was learned, asked in windows of at most 14 days.

``answers`` asks one question over HTTP, ``client`` knows the token and the pages, ``windows`` cuts the time and fetches a
window whole, ``elements`` turns one element into a row. Nothing here writes to the database.
"""
