"""The page: a book that a reader and a small model write together."""
