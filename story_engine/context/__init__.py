"""Which tokens the model sees."""
