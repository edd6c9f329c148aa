"""The foundational set: frames of one metal, shipped in the order of their worth, for any metal."""
