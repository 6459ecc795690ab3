"""The words of whole stories, in Spanish: the shelf, files, links, and how the model learned."""

STORIES = {
    "file": "Tus cuentos",
    "shelf": "Sacar un cuento del estante",
    "new": "Cuento nuevo",
    "title": "Su título",
    "rename": "Cambiar título",
    "duplicate": "Duplicar",
    "remove": "Apartar",
    "restore": "Recuperarlo",
    "form": "Guardar como",
    "text": "texto",
    "Markdown": "Markdown",
    "web page": "página web",
    "e-book": "libro electrónico",
    "PDF": "PDF",
    "booklet": "librito para doblar (PDF)",
    "all versions": "todas las versiones",
    "save": "Guardar archivo",
    "open": "Abrir un archivo",
    "file_hint": "Los cuentos se guardan en este servidor mientras escribes; un archivo es tuyo para siempre.",
    "copy": "copia",
    "learned": "Cómo aprendió el modelo a contar cuentos",
    "stages": "El mismo comienzo, contado en cada etapa",
    "untrained": "Antes de aprender nada",
    "after_training": "Con el {share:.0%} de lo aprendido",
    "before_tuning": "Antes de leer ninguno de estos cuentos",
    "phase_words": "palabras",
    "phase_sentences": "frases",
    "phase_coherence": "coherencia",
    "phase_telling": "narración",
    "steps": "{steps} pasos",
    "surprise": "sorpresa ante cuentos nuevos, en nats por token",
    "curve_label": (
        "La sorpresa del modelo ante cuentos nuevos bajó de {top} a {bottom} nats por token en {steps} pasos de aprendizaje"
    ),
    # links
    "share": "Compartir este cuento con un enlace:",
    "share_reading": "Un enlace para leer",
    "share_writing": "Un enlace para escribir",
    "link": "El enlace",
    "take_back": "Retirar el enlace para leer",
    "reading_link": ("Quien tenga este enlace ve crecer el cuento y no puede cambiar nada. Puedes retirarlo cuando quieras."),
    "writing_link": (
        "Quien tenga este enlace puede hacer lo mismo que tú: seguir escribiendo, deshacer, cambiar el título, apartar el "
        "cuento. No se puede retirar. Si quieres uno solo para ti, duplícalo antes."
    ),
    "taken_back": "El enlace se ha retirado: ya no muestra nada.",
    "reading_page": "Estás leyendo: las palabras nuevas llegan solas.",
    "reading_lost": "Se ha perdido la conexión. Probando otra vez…",
}
