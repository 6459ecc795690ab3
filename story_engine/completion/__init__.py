"""Raw completions for other programs, above the engine: token ids in, tokens and their log-probabilities out."""
