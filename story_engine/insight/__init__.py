"""Questions about a story that change nothing, above the engine."""
