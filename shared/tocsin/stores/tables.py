"""The five tables by their logical names, and the attributes that DynamoDB itself looks at.

Every table has the string keys `pk` (hash) and `sk` (range). What each holds is its store's business.
"""

RULES = "rules"
STATE = "state"
DISPATCH = "dispatch"
CONFIG = "config"
SAMPLES = "samples"

TABLES = (RULES, STATE, DISPATCH, CONFIG, SAMPLES)

KEY_ATTRIBUTES = ("pk", "sk")

DUE_INDEX = "due"
"""The index of `dispatch`: partition `slot`, sort key `due`, both numbers; only items with both are in it."""

DUE_ATTRIBUTES = ("slot", "due")

EXPIRES_ATTRIBUTE = "expires"
"""The time to live, in epoch seconds; DynamoDB deletes hours later if at all, so readers filter."""
