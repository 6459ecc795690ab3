"""Guard: whether words are fit for children, by a list and rules; knows no story and no model."""
