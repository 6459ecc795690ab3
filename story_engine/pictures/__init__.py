"""Pictures of a story's scenes, composed by rule from drawn symbols; knows no model."""
