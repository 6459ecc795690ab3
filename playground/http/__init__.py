"""The engine for other programs: /v1/completions and its neighbours, beside the page and in the same process."""
