"""Token ids in, logits out; knows no story."""
