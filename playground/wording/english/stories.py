"""The words of whole stories, in English: the shelf, files, links, and how the model learned."""

STORIES = {
    "file": "Your stories",
    "shelf": "Take a story from the shelf",
    "new": "New story",
    "title": "Its title",
    "rename": "Rename",
    "duplicate": "Duplicate",
    "remove": "Remove",
    "restore": "Bring it back",
    "form": "Save as",
    "text": "text",
    "Markdown": "Markdown",
    "web page": "web page",
    "e-book": "e-book",
    "PDF": "PDF",
    "booklet": "booklet to fold (PDF)",
    "all versions": "all versions",
    "save": "Save to a file",
    "open": "Open a file",
    "file_hint": "Stories are kept on this server as you write; a file is yours to keep.",
    "copy": "copy",
    "learned": "How the model learned to tell stories",
    "stages": "The same opening, told at each stage",
    "untrained": "Before any training",
    "after_training": "After {share:.0%} of the training",
    "before_tuning": "Before it read any of these stories",
    "phase_words": "words",
    "phase_sentences": "sentences",
    "phase_coherence": "coherence",
    "phase_telling": "storytelling",
    "steps": "{steps:,} steps",
    "surprise": "how surprised the model is by new stories, in nats a token",
    "curve_label": (
        "The model's surprise at new stories fell from {top} to {bottom} nats a token over {steps:,} steps of training"
    ),
    # links
    "share": "Share this story by a link:",
    "share_reading": "A link for reading along",
    "share_writing": "A link for writing along",
    "link": "The link",
    "take_back": "Take the reading link back",
    "reading_link": "Whoever has this link sees the story grow and can change nothing. You can take it back at any time.",
    "writing_link": (
        "Whoever has this link can do all that you can: write on, take back, rename, remove. It cannot be taken back. To "
        "keep a story of your own, duplicate it first."
    ),
    "taken_back": "The link is taken back: it shows nothing any more.",
    "reading_page": "You read along: new words come by themselves.",
    "reading_lost": "The connection is lost. Trying again …",
}
