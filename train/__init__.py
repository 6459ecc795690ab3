"""Training: stories in, a folder that the story engine and transformers both load out."""
