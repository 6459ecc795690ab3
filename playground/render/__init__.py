"""Stories as HTML."""
