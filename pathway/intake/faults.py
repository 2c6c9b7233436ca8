"""Why a row is set aside: stable codes and the words for them, which never repeat what stood in the cell."""

FAULTS: dict[str, str] = {
    "wrong_width": "the row has more cells than the header has columns",
    "unclosed_quote": "a quotation mark is opened and never closed",
    "unreadable_character": "a character cannot be read in the file's encoding, or is a control character",
    "missing_value": "the cell is empty, but must be filled in",
    "too_long": "the text is longer than the column allows",
    "digits_lost": "a spreadsheet has rounded the number; export it as text",
    "wrong_check_digit": "looks like a personnummer or samordningsnummer, but its check digit is wrong",
    "identity_in_text": "a personnummer, or a part of the client's own, stands in a column that must not hold one",
    "not_a_date": "not a date; write YYYY-MM-DD",
    "ambiguous_date": "day and month cannot be told apart; write YYYY-MM-DD",
    "implausible_date": "the date is too early to be right",
    "future_date": "the date lies after the day of the import",
    "before_birth": "the date is not after the year of birth",
    "not_an_integer": "not a whole number",
    "not_a_number": "not a number",
    "not_a_boolean": "neither true nor false",
    "out_of_range": "outside the range that the column or the instrument's scale allows",
    "not_allowed": "not one of the values that the column allows",
    "bad_pattern": "not in the form that the column requires",
    "unknown_indicator": "not an indicator of the instrument",
    "wrong_respondent": "the indicator is not answered by this respondent",
    "respondent_id_of_client": "respondent_id may be filled in only where the respondent is handläggare",
    "unknown_insats": "not an insats of the package's catalogue.json",
    "ends_before_start": "ended_on is before started_on",
    "end_contradicts": "ended_on must be empty when ended_as is pågår, and filled in otherwise",
    "unknown_client": "the client has no accepted row in clients.csv, nor in the register",
    "superseded": "a later row in the same file says something else about the same thing",
}
"""Reason code → reason in words."""

CODES: tuple[str, ...] = ("", *FAULTS)
"""Codes by number; 0 is no fault."""

NUMBER: dict[str, int] = {code: number for number, code in enumerate(CODES)}
"""Number of each code, as the checks keep it in arrays."""
