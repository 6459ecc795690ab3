"""The words of the switch for children, in English and German."""

# key -> English, German
CHILDREN: dict[str, tuple[str, str]] = {
    "for_children": ("For children", "Für Kinder"),
    "for_children_hint": (
        "your words and the model's are checked by a list: cruelty, death, weapons, sex, rude words, addresses and the like; "
        "a list knows no meaning, so read along",
        "deine Worte und die des Modells werden mit einer englischen Liste geprüft: Grausames, Tod, Waffen, Sex, Grobes, "
        "Adressen und Ähnliches; eine Liste kennt keinen Sinn, also lest mit",
    ),
    "held": ("For grown-ups: what was held back", "Für Große: was zurückgehalten wurde"),
    "held_question": ("To read it, write what 7 × 8 is", "Um es zu lesen, schreib, was 7 × 8 ist"),
    "show_held": ("Show it", "Zeigen"),
    "held_none": ("Nothing was held back in this story.", "In dieser Geschichte wurde nichts zurückgehalten."),
    "held_one": (
        "1 sentence of the model's was held back in this story.",
        "1 Satz des Modells wurde in dieser Geschichte zurückgehalten.",
    ),
    "held_count": (
        "{count} sentences of the model's were held back in this story.",
        "{count} Sätze des Modells wurden in dieser Geschichte zurückgehalten.",
    ),
}
