"""The fixed words of the page, in English: beginning, writing, a passage, memory, and the keys."""

PAGE = {
    "language": "en",
    "point": ".",
    "notice": "Not quite",
    "motto": "You write a little, the model writes a little.",
    "caution": (
        "A small model invents these stories. They can be odd, and now and then unsuitable: grown-ups, please read along."
    ),
    "keeps_nothing": "This browser keeps nothing for this page. Save your story to a file before you leave.",
    "loses_stories": "This server forgets all stories when it restarts. Save yours to a file to keep it.",
    # beginning
    "opening": "How does your story begin?",
    "in_english": "",  # who reads the page in English need not be told
    "begin": "Begin the story",
    "or_idea": "Or start from an idea:",
    "other_ideas": "Other ideas",
    # writing
    "next": "What happens next?",
    "next_hint": "Add your own words, or leave this empty and let the story go on… (Shift+Enter sends)",
    "wish": "A wish for what comes next",
    "continue": "Continue",
    "stop": "Stop",
    "undo": "Undo",
    "redo": "Redo",
    "retry": "Try again",
    "branch": "Three ways",
    "strip": "Calm to wild",
    "finish": "Find an end",
    "read": "Read aloud",
    "voiceless": "This browser has no voice to read with.",
    "speed": "Speed",
    "voice": "Voice",
    "usual_voice": "the browser's own",
    "stop_reading": "Stop reading",
    # the panel of a passage
    "change": "Change this passage",
    "keep_change": "Keep the change",
    "leave": "Leave it as it was",
    "pins": "Always remember",
    "pins_hint": "Ticked sentences stay in the model's memory, however long the story grows.",
    "look_words": "What else might it have said?",
    "asked": "What mattered for this sentence?",
    "asked_hint": "Shows how much each earlier paragraph made it likelier: the model reads on without it, and is asked again.",
    "replay": "Tell it again by this receipt",
    # memory
    "mind": "Keep in mind",
    "characters": "Who is who, a line each",
    "notes": "What else is true",
    "mind_hint": (
        "The model reads these lines right after the story's opening, as if the story had said them. They are no part of "
        "the book."
    ),
    "lore": "Lore: who or what, and what is true of it",
    "lore_hint": (
        "A line each: names, a colon, a sentence or two. The model reads it while the last four passages say one of the names."
    ),
    "pinning": "A click on a sentence pins it",
    "keep": "Keep this in mind",
    "reads": "What the model reads",
    "look_context": "Show what it reads now",
    "by_token": "token by token",
    "versions": "All versions",
    # the modes of the box
    "mode": "Your words are",
    "mode_typed": "as typed",
    "mode_do": "a deed",
    "mode_say": "said aloud",
    "mode_describe": "a description",
    "will_be": "In the story:",
    "take": "Put it into the box",
    "other_language": "This story does not look English: your words go into it as typed.",
    # the list of keys
    "keys": "Keys",
    "keys_close": "Close",
    "key_command": "Ctrl",
    "key_shift": "Shift",
    "key_continue": "begin or continue the story, from its box too",
    "key_undo": "undo, outside a box",
    "key_redo": "redo, outside a box",
    "key_back": "previous version of the passage that has the focus, or of the last one that has several",
    "key_forward": "next version of it",
    "key_open": "open the passage that has the focus",
    "key_list": "show this list",
    "key_close": "close this list",
}
