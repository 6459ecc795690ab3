"""The fixed words of the page, in German: beginning, writing, a passage, memory, and the keys."""

PAGE = {
    "language": "de",
    "point": ",",
    "notice": "Nicht ganz",
    "motto": "Du schreibst ein wenig, das Modell schreibt ein wenig.",
    "caution": (
        "Ein kleines Modell erfindet diese Geschichten. Sie können seltsam und auch mal unpassend sein: Große, lest mit."
    ),
    "keeps_nothing": "Dieser Browser behält nichts für diese Seite. Speichere deine Geschichte als Datei, bevor du gehst.",
    "loses_stories": (
        "Dieser Server vergisst bei jedem Neustart alle Geschichten. Speichere deine als Datei, um sie zu behalten."
    ),
    # beginning
    "opening": "Wie fängt deine Geschichte an?",
    "in_english": "Erzählt wird auf Englisch: Schreib auch deinen Anfang so. Die Seite selbst spricht Deutsch.",
    "begin": "Geschichte beginnen",
    "or_idea": "Oder nimm eine Idee:",
    "other_ideas": "Andere Ideen",
    # writing
    "next": "Wie geht es weiter?",
    "next_hint": (
        "Schreib selbst etwas (auf Englisch), oder lass es leer und die Geschichte weitergehen… (Umschalt+Enter schickt ab)"
    ),
    "wish": "Ein Wunsch, was als Nächstes kommt",
    "continue": "Weiter",
    "stop": "Halt",
    "undo": "Zurück",
    "redo": "Wieder vor",
    "retry": "Noch einmal",
    "branch": "Drei Wege",
    "strip": "Ruhig bis wild",
    "finish": "Ein Ende finden",
    "read": "Vorlesen",
    "voiceless": "Dieser Browser hat keine Stimme zum Vorlesen.",
    "speed": "Tempo",
    "voice": "Stimme",
    "usual_voice": "die des Browsers",
    "stop_reading": "Nicht mehr vorlesen",
    # the panel of a passage
    "change": "Diese Stelle ändern",
    "keep_change": "Änderung behalten",
    "leave": "So lassen, wie es war",
    "pins": "Immer behalten",
    "pins_hint": "Angekreuzte Sätze bleiben im Gedächtnis des Modells, wie lang die Geschichte auch wird.",
    "look_words": "Was hätte da noch stehen können?",
    "asked": "Was war wichtig für diesen Satz?",
    "asked_hint": (
        "Zeigt, wie viel wahrscheinlicher jeder Absatz davor ihn machte: Das Modell liest ohne ihn und wird wieder gefragt."
    ),
    "replay": "Nach diesem Beleg noch einmal erzählen",
    # memory
    "mind": "Im Sinn behalten",
    "characters": "Wer ist wer, je eine Zeile",
    "notes": "Was sonst noch gilt",
    "mind_hint": (
        "Diese Zeilen stehen hinter dem Anfang, wann immer das Modell die Geschichte liest, als hätte sie es gesagt. Im "
        "Buch stehen sie nicht."
    ),
    "lore": "Wissen: wer oder was, und was davon gilt",
    "lore_hint": (
        "Je eine Zeile: Namen, ein Doppelpunkt, ein, zwei Sätze. Das Modell liest sie, solange einer der Namen in den "
        "letzten vier Stellen steht."
    ),
    "pinning": "Ein Klick auf einen Satz behält ihn",
    "keep": "Das im Sinn behalten",
    "reads": "Was das Modell liest",
    "look_context": "Zeigen, was es jetzt liest",
    "by_token": "Token für Token",
    "versions": "Alle Fassungen",
    # the modes of the box
    "mode": "Deine Worte sind",
    "mode_typed": "wie getippt",
    "mode_do": "eine Tat",
    "mode_say": "gesprochen",
    "mode_describe": "eine Beschreibung",
    "will_be": "In der Geschichte:",
    "take": "Ins Feld nehmen",
    "other_language": "Diese Geschichte sieht nicht englisch aus: Deine Worte kommen so hinein, wie du sie tippst.",
    # the list of keys
    "keys": "Tasten",
    "keys_close": "Schließen",
    "key_command": "Strg",
    "key_shift": "Umschalt",
    "key_continue": "Geschichte beginnen oder weiter, auch aus ihrem Feld",
    "key_undo": "Zurück, außerhalb eines Feldes",
    "key_redo": "Wieder vor, außerhalb eines Feldes",
    "key_back": "Fassung davor: der Stelle mit dem Fokus, oder der letzten, die mehrere hat",
    "key_forward": "Fassung danach",
    "key_open": "die Stelle mit dem Fokus öffnen",
    "key_list": "diese Liste zeigen",
    "key_close": "diese Liste schließen",
}
