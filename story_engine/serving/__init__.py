"""Many stories at one model."""
