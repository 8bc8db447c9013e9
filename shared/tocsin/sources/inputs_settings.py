"""What users write in the settings of the kind `inputs`: nothing; the samples are the stack's own."""

from tocsin.documents import Block


class InputsSettings(Block):
    """The settings of the kind `inputs`."""
