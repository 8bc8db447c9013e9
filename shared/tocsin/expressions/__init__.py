"""The languages in which rules ask their questions."""


class ExpressionError(ValueError):
    """The expression cannot be used; the message says why, and what is allowed."""
