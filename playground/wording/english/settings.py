"""The words of the settings, in English, and those of the switch for children."""

from story_engine import HUB_MODELS, RANGES

SETTINGS = {
    "options": "How the model writes",
    "more": "More",
    "temperature": "Temperature",
    "top_p": "Top-p",
    "max_new_tokens": "Length",
    "top_k": "Top-k",
    "min_p": "Min-p",
    "repetition_penalty": "Repetition penalty",
    "guidance": "Guidance by the story",
    "best_of": "Best of",
    "seed": "Seed",
    "temperature_hint": RANGES["temperature"][2],
    "top_p_hint": RANGES["top_p"][2],
    "max_new_tokens_hint": RANGES["max_new_tokens"][2],
    "top_k_hint": RANGES["top_k"][2],
    "min_p_hint": RANGES["min_p"][2],
    "repetition_penalty_hint": RANGES["repetition_penalty"][2],
    "guidance_hint": RANGES["guidance"][2],
    "best_of_hint": RANGES["best_of"][2],
    "comparing": "Telling {count} passages at once, to keep the best …",
    "seed_hint": RANGES["seed"][2],
    "ending": "Sentences to the end",
    "ending_hint": "about so many, when you ask for one",
    "unwanted": "Words never wanted",
    "unwanted_hint": "with commas between them, other forms too (mouse, mice); the model never says them, your own words may",
    "pictures": "Pictures",
    "pictures_hint": (
        "drawn by rule from the story's words, here and in the files that you save; a click on somebody draws them otherwise"
    ),
    "pictures_off": "none",
    "pictures_all": "one for every passage",
    "pictures_ends": "where a chapter ends",
    "model": "Model",
    "GODELEV/Test-1-3000": HUB_MODELS["GODELEV/Test-1-3000"],
    "GODELEV/Test-1-4000": HUB_MODELS["GODELEV/Test-1-4000"],
    "at_once": "Or all of it at once:",
    "Recommended": "Recommended",
    "Calm": "Calm",
    "Wild": "Wild",
    "manner_name": "Keep these settings under a name",
    "keep_manner": "Keep",
    "own_manner": "Your own manners of writing",
    "drop_manner": "Drop",
    # for children
    "for_children": "For children",
    "for_children_hint": (
        "your words and the model's are checked by a list: cruelty, death, weapons, sex, rude words, addresses and the "
        "like; a list knows no meaning, so read along"
    ),
    "held": "For grown-ups: what was held back",
    "held_question": "To read it, write what 7 × 8 is",
    "show_held": "Show it",
    "held_none": "Nothing was held back in this story.",
    "held_one": "1 sentence of the model's was held back in this story.",
    "held_count": "{count} sentences of the model's were held back in this story.",
}
