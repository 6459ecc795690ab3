"""Stories told by a completions server elsewhere."""
