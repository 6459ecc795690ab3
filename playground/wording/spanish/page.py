"""The fixed words of the page, in Spanish: beginning, writing, a passage, memory, and the keys."""

PAGE = {
    "language": "es",
    "point": ",",
    "notice": "No del todo",
    "motto": "Tú escribes un poco, el modelo escribe otro poco.",
    "caution": (
        "Un modelo pequeño inventa estos cuentos. Pueden ser raros y, de vez en cuando, poco apropiados: mejor leerlos con una "
        "persona mayor."
    ),
    "keeps_nothing": "Este navegador no guarda nada de esta página. Guarda tu cuento en un archivo antes de irte.",
    "loses_stories": "Este servidor olvida todos los cuentos al reiniciarse. Guarda el tuyo en un archivo para conservarlo.",
    # beginning
    "opening": "¿Cómo empieza tu cuento?",
    "in_english": "Los cuentos se cuentan en inglés: escribe también así tu comienzo. La página te habla en español.",
    "begin": "Empezar el cuento",
    "or_idea": "O empieza con una idea:",
    "other_ideas": "Otras ideas",
    # writing
    "next": "¿Qué pasa después?",
    "next_hint": "Escribe algo tú (en inglés), o déjalo vacío y que el cuento siga… (Mayús+Enter lo envía)",
    "wish": "Un deseo para lo que viene",
    "continue": "Seguir",
    "stop": "Parar",
    "undo": "Deshacer",
    "redo": "Rehacer",
    "retry": "Otra vez",
    "branch": "Tres caminos",
    "strip": "De suave a loco",
    "finish": "Buscar un final",
    "read": "Leer en voz alta",
    "voiceless": "Este navegador no tiene ninguna voz para leer.",
    "speed": "Velocidad",
    "voice": "Voz",
    "usual_voice": "la del navegador",
    "stop_reading": "Dejar de leer",
    # the panel of a passage
    "change": "Cambiar este pasaje",
    "keep_change": "Guardar el cambio",
    "leave": "Dejarlo como estaba",
    "pins": "Recordar siempre",
    "pins_hint": "Las frases marcadas se quedan en la memoria del modelo, por mucho que crezca el cuento.",
    "look_words": "¿Qué más podría haber dicho?",
    "asked": "¿Qué influyó en esta frase?",
    "asked_hint": (
        "Muestra cuánto más probable la hizo cada párrafo anterior: el modelo lee sin él y se le vuelve a preguntar."
    ),
    "replay": "Contarlo otra vez según esta ficha",
    # memory
    "mind": "Tener presente",
    "characters": "Quién es quién, uno por línea",
    "notes": "Qué más es verdad",
    "mind_hint": (
        "El modelo lee estas líneas justo después del comienzo del cuento, como si el cuento las hubiera dicho. No forman "
        "parte del libro."
    ),
    "lore": "Trasfondo: quién o qué, y qué hay que saber de ello",
    "lore_hint": (
        "En cada línea: nombres, dos puntos y una o dos frases. El modelo la lee mientras alguno de los nombres salga en los "
        "últimos cuatro pasajes."
    ),
    "pinning": "Un clic en una frase la fija",
    "keep": "Tener esto presente",
    "reads": "Lo que lee el modelo",
    "look_context": "Mostrar lo que lee ahora",
    "by_token": "token a token",
    "versions": "Todas las versiones",
    # the modes of the box
    "mode": "Tus palabras son",
    "mode_typed": "tal cual",
    "mode_do": "una acción",
    "mode_say": "algo dicho",
    "mode_describe": "una descripción",
    "will_be": "En el cuento:",
    "take": "Ponerlo en el cuadro",
    "other_language": "Este cuento no parece estar en inglés: tus palabras entran tal como las escribes.",
    # the list of keys
    "keys": "Teclas",
    "keys_close": "Cerrar",
    "key_command": "Ctrl",
    "key_shift": "Mayús",
    "key_continue": "empezar o seguir el cuento, también desde su cuadro",
    "key_undo": "deshacer, fuera de los cuadros",
    "key_redo": "rehacer, fuera de los cuadros",
    "key_back": "versión anterior del pasaje que tiene el foco, o del último que tiene varias",
    "key_forward": "versión siguiente",
    "key_open": "abrir el pasaje que tiene el foco",
    "key_list": "mostrar esta lista",
    "key_close": "cerrar esta lista",
}
