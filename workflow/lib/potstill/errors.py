"""The exceptions that a user is meant to read, and how they call a setting."""


class PotstillError(Exception):
    """Bad input or an impossible request.

    The message is one line that names the file, setting or frame at fault and the cure; scripts
    print it without a traceback.
    """


class WriteError(PotstillError):
    """A file cannot be written, whatever is to stand in it: the disk is full, the folder closed."""


def setting_name(place: str | None, name: str) -> str:
    """Return how a setting is called: in that section of the configuration, or as an option."""
    option = name.removesuffix("_A").replace("_", "-")
    return f"{place}.{name}" if place else f"--{option}"
