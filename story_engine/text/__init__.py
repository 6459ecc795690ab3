"""Plain text: sentences, quotations and names in it; knows no story and no model."""
