"""What a run came to, for people: text, tables and pages."""
