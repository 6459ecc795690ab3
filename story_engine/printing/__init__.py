"""Books on paper: a story as PDF, page by page or two pages a sheet to fold; knows no story, only what stands in a book."""
