"""What a reader has, as data; knows no model."""
