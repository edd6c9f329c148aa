"""The exceptions that a user is meant to read."""


class PotstillError(Exception):
    """Bad input or an impossible request.

    The message is one line that names the file, setting or frame at fault and the cure; scripts
    print it without a traceback.
    """


class WriteError(PotstillError):
    """A file cannot be written, whatever is to stand in it: the disk is full, the folder closed."""
