"""The words of the settings, in Spanish, and those of the switch for children."""

SETTINGS = {
    "options": "Cómo escribe el modelo",
    "more": "Más",
    "temperature": "Temperatura",
    "top_p": "Top-p",
    "max_new_tokens": "Longitud",
    "top_k": "Top-k",
    "min_p": "Min-p",
    "repetition_penalty": "Freno a la repetición",
    "dry_multiplier": "Repeticiones (DRY)",
    "guidance": "Guía del cuento",
    "reading_level": "Nivel de lectura",
    "reading_level_hint": "frases más cortas y palabras más conocidas, donde encajan; las palabras de tu cuento se quedan",
    "reading_level_easy": "fácil",
    "reading_level_medium": "medio",
    "reading_level_any": "como quiera el modelo",
    "best_of": "El mejor de",
    "seed": "Semilla",
    "temperature_hint": "lo atrevidas que son las palabras; 0 toma siempre la más probable",
    "top_p_hint": "se queda con las palabras más probables que suman esta parte",
    "max_new_tokens_hint": "los tokens que puede tener un pasaje como mucho",
    "top_k_hint": "se queda con este número de palabras como mucho; 0 las deja todas",
    "min_p_hint": "descarta lo que no llega a esta parte de la palabra más probable; 0: nada",
    "repetition_penalty_hint": "hace menos probables las palabras ya usadas; 1 lo desactiva",
    "dry_multiplier_hint": "hace menos probables las frases ya dichas, cuanto más largas, menos; 0 lo apaga",
    "guidance_hint": "cuánto más pesa lo contado hasta ahora al elegir las palabras; 0 lo desactiva",
    "best_of_hint": "cuenta este número de pasajes a la vez y se queda con el que mejor sigue al cuento; 1 lo desactiva",
    "comparing": "Contando {count} pasajes a la vez para quedarse con el mejor…",
    "seed_hint": "la misma semilla cuenta el mismo cuento; sin ninguna, sale una nueva",
    "ending": "Frases hasta el final",
    "ending_hint": "más o menos, cuando buscas uno",
    "unwanted": "Palabras que no deben salir",
    "unwanted_hint": (
        "separadas por comas, también otras formas (mouse, mice); el modelo no las dice nunca, tus palabras sí pueden"
    ),
    "pictures": "Dibujos",
    "pictures_hint": (
        "hechos por reglas con las palabras del cuento, aquí y en los archivos que guardas; un clic en alguien lo dibuja "
        "de otra manera"
    ),
    "pictures_off": "ninguno",
    "pictures_all": "uno en cada pasaje",
    "pictures_ends": "donde acaba un capítulo",
    "model": "Modelo",
    "GODELEV/Test-1-3000": "190M parámetros, 3000 pasos con TinyStories",
    "GODELEV/Test-1-4000": "su sucesor, 4000 pasos",
    "at_once": "O todo de una vez:",
    "Recommended": "Recomendado",
    "Calm": "Suave",
    "Wild": "Loco",
    "manner_name": "Guardar estos ajustes con un nombre",
    "keep_manner": "Guardar",
    "own_manner": "Tus propias maneras de escribir",
    "drop_manner": "Quitar",
    # for children
    "for_children": "Para niños",
    "for_children_hint": (
        "tus palabras y las del modelo se revisan con una lista en inglés: crueldad, muerte, armas, sexo, groserías, "
        "direcciones y cosas así; una lista no entiende lo que lee, así que es mejor leer en compañía"
    ),
    "held": "Para mayores: lo que no se mostró",
    "held_question": "Para leerlo, escribe cuánto es 7 × 8",
    "show_held": "Mostrar",
    "held_none": "En este cuento no se ha apartado nada.",
    "held_one": "En este cuento se ha apartado 1 frase del modelo.",
    "held_count": "En este cuento se han apartado {count} frases del modelo.",
}
