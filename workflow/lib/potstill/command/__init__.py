"""The `potstill` command: a subcommand a module, each a thin call of the library.

Modules that take long to load, as torch's two seconds, are imported when a subcommand runs, so that
help and bad arguments are told at once.
"""
