"""The engine's messages to a reader, in Spanish: each by the engine's own words, with the same fields in braces."""

MESSAGES = {
    # what a reader asked for
    "Begin a story first: write its opening, or pick an idea.": (
        "Empieza antes un cuento: escribe su comienzo o elige una idea."
    ),
    "Write how the story begins, or pick an idea.": "Escribe cómo empieza el cuento o elige una idea.",
    "The model knows English only, so it may make little sense of this. Your words are kept; in English it follows you "
    "better.": (
        "El modelo solo sabe inglés, así que quizá no entienda esto. Tus palabras se quedan como están; en inglés te "
        "seguirá mejor."
    ),
    "Your words must be plain text.": "Tus palabras tienen que ser texto sin formato.",
    "That is {count:,} characters; at most {most:,} fit in one go. Add it in several parts.": (
        "Son {count} caracteres; de una vez caben {most} como mucho. Añádelos en varias partes."
    ),
    "Your words hold a broken character. Type them again, or copy them anew.": (
        "En tus palabras hay un carácter roto. Escríbelas otra vez o cópialas de nuevo."
    ),
    "Notes may be {lines} lines of {most} characters. Shorten them.": (
        "Las notas pueden tener {lines} líneas de {most} caracteres. Acórtalas."
    ),
    "A line of lore needs names, a colon, and what is true, as in “Rex, the dog: Rex is old.” Change: “{line}”.": (
        "Una línea de trasfondo necesita nombres, dos puntos y lo que hay que saber, como en «Rex, the dog: Rex is old.» "
        "Cambia: «{line}»."
    ),
    "Lore may be {lines} lines of {most} characters, each with up to {names} names of {length}. Shorten it.": (
        "El trasfondo puede tener {lines} líneas de {most} caracteres, cada una con {names} nombres de {length} como "
        "mucho. Acórtalo."
    ),
    "Stories here are for children, and this has something of {kinds}. Find kinder words, then send them again.": (
        "Aquí se cuentan cuentos para niños, y en esto hay algo de: {kinds}. Busca palabras más amables y envíalas otra vez."
    ),
    "This story has something of {kinds}. A grown-up can open it: switch off “For children” in the settings first.": (
        "En este cuento hay algo de: {kinds}. Una persona mayor puede abrirlo: antes hay que desactivar «Para niños» en "
        "los ajustes."
    ),
    "This passage has something of {kinds}, so it stays closed. A grown-up can read it in the settings, under “For "
    "grown-ups”.": (
        "En este pasaje hay algo de: {kinds}. Por eso se queda cerrado. Una persona mayor puede leerlo en los ajustes, "
        "en «Para mayores»."
    ),
    "the end of a life": "el final de una vida",
    "hurting somebody": "hacer daño a alguien",
    "things to fight with": "cosas para pelear",
    "things for grown-ups only": "cosas solo para mayores",
    "rude words": "palabras groseras",
    "an address, a telephone number or an e-mail address": "una dirección, un teléfono o un correo electrónico",
    "This passage was told for children, and the list that checked it has changed since.": (
        "Este pasaje se contó para niños, y la lista con la que se revisó ha cambiado desde entonces."
    ),
    "That is not 7 × 8. Ask a grown-up.": "Eso no es 7 × 8. Pregunta a una persona mayor.",
    "This story is being written right now. Stop it first, or wait for it to finish.": (
        "Este cuento se está escribiendo ahora mismo. Páralo antes o espera a que termine."
    ),
    "The story is still being written. Please try again in a moment.": (
        "El cuento todavía se está escribiendo. Vuelve a intentarlo en un momento."
    ),
    "A passage of this length takes more than half of this model's {context} tokens. Choose a shorter one.": (
        "Un pasaje así de largo ocupa más de la mitad de los {context} tokens de este modelo. Elige uno más corto."
    ),
    "A wish may have {most} characters. Shorten it.": "Un deseo puede tener {most} caracteres. Acórtalo.",
    "Tellings told side by side must share one length.": "Las versiones que se cuentan a la vez deben tener la misma longitud.",
    "An ending takes {fewest} to {most} sentences.": "Un final lleva de {fewest} a {most} frases.",
    "The model stumbled and gave no usable word. Your story is kept; please try again.": (
        "El modelo ha tropezado y no ha dado ninguna palabra que sirva. Tu cuento está guardado; vuelve a intentarlo."
    ),
    "Something went wrong on this server. Your story is kept; please try again.": (
        "Algo ha ido mal en este servidor. Tu cuento está guardado; vuelve a intentarlo."
    ),
    "The playground is closing. Your words are still in their box; please try again in a minute.": (
        "La página se está cerrando. Tus palabras siguen en su cuadro; vuelve a intentarlo en un minuto."
    ),
    "That is more than {most} passages in a minute. Wait {wait} seconds, then go on.": (
        "Son más de {most} pasajes en un minuto. Espera {wait} segundos y sigue."
    ),
    "This server keeps as many stories as it has room for. Save yours as a file, and ask who runs it for more room.": (
        "En este servidor no caben más cuentos. Guarda el tuyo en un archivo y pide más sitio a quien lo lleva."
    ),
    # passages and sentences
    "Your change of another passage is not kept yet. Keep it or leave it first.": (
        "Todavía no has guardado tu cambio en otro pasaje. Guárdalo antes o déjalo como estaba."
    ),
    "There is no such passage in this story.": "Ese pasaje no está en este cuento.",
    "Only a passage of the story in view can be changed.": "Solo se puede cambiar un pasaje que esté a la vista.",
    "A passage cannot be empty. Use undo to take it back.": "Un pasaje no puede quedar vacío. Con Deshacer lo quitas.",
    "This sentence cannot be pinned. The opening is always remembered anyway.": (
        "Esta frase no se puede fijar. El comienzo se recuerda siempre de todos modos."
    ),
    "Nobody in these pictures has this name. Click somebody in a picture.": (
        "Nadie se llama así en estos dibujos. Haz clic en alguien de un dibujo."
    ),
    "Choose a sentence first.": "Elige antes una frase.",
    "The model no longer remembers this sentence.": "El modelo ya no recuerda esta frase.",
    "Nothing stands before this sentence.": "No hay nada antes de esta frase.",
    "There is no such word in this passage.": "Esa palabra no está en este pasaje.",
    "The model does not know this word.": "El modelo no conoce esta palabra.",
    "This passage is too long to be looked at word by word.": (
        "Este pasaje es demasiado largo para mirarlo palabra por palabra."
    ),
    "Only a passage as the model told it can be told again.": (
        "Solo se puede contar otra vez un pasaje tal como lo contó el modelo."
    ),
    "Another model told this passage, or this one with other rounding. Choose that one first.": (
        "Este pasaje lo contó otro modelo, o este con otro redondeo. Elige antes ese."
    ),
    "What the model remembered then cannot be restored: pins or words have changed since.": (
        "No se puede recuperar lo que el modelo recordaba entonces: desde entonces ha cambiado lo que fijaste o alguna palabra."
    ),
    # settings and models
    "Please check the settings: {problems}.": "Revisa los ajustes: {problems}.",
    "{name} must be a whole number": "{name} tiene que ser un número entero",
    "{name} must be yes or no": "{name} tiene que ser sí o no",
    "{name} must be one of {levels}": "{name} tiene que ser uno de {levels}",
    "{name} must be a number": "{name} tiene que ser un número",
    "{name} must lie between {low:g} and {high:g}": "{name} tiene que estar entre {low:g} y {high:g}",
    "Unknown settings: {unknown}. Known are: {known}.": "Ajustes desconocidos: {unknown}. Se conocen: {known}.",
    "words never wanted may be {most} of up to {length} characters": (
        "las palabras que no deben salir pueden ser {most}, de {length} caracteres como mucho"
    ),
    "Words never wanted must be plain text, with commas between them.": (
        "Las palabras que no deben salir tienen que ser texto sin formato, separadas por comas."
    ),
    "Give this manner of writing a name first.": "Pon antes un nombre a esta manera de escribir.",
    "There are {most} manners already. Drop one first.": "Ya hay {most} maneras. Quita antes una.",
    "This playground does not offer that model. Choose one from the list.": (
        "Este modelo no se ofrece aquí. Elige uno de la lista."
    ),
    "{name} cannot be fetched from the hub ({problem}). Check the name and the network.": (
        "No se puede traer {name} ({problem}). Comprueba el nombre y la red."
    ),
    "{problem} The story goes on with the {model} model.": "{problem} El cuento sigue con el modelo {model}.",
    "The compiled kernel needs a CPU, Linux or macOS, and numba. Leave it at auto.": (
        "El núcleo compilado necesita un procesador (CPU), Linux o macOS, y numba. Déjalo en auto."
    ),
    "int8 needs the compiled kernel, on a CPU. Leave the kernel and the precision at auto.": (
        "int8 necesita el núcleo compilado y un procesador (CPU). Deja el núcleo y la precisión en auto."
    ),
    # servers elsewhere
    "{server} does not know these settings, so they have no effect: {names}.": (
        "{server} no conoce estos ajustes, así que no hacen nada: {names}."
    ),
    "{server} tells one passage at a time, so these come one after another.": (
        "{server} cuenta un solo pasaje a la vez, así que llegan uno tras otro."
    ),
    "{server} does not tell how likely the words of a text are.": (
        "{server} no dice cómo de probables son las palabras de un texto."
    ),
    "The server that tells the stories does not answer ({problem}). Your story is kept; please try again in a moment.": (
        "El servidor que cuenta los cuentos no responde ({problem}). Tu cuento está guardado; vuelve a intentarlo en un "
        "momento."
    ),
    "The server broke off in mid-passage ({problem}). The words so far are kept: press Continue, and the story goes on.": (
        "El servidor se ha cortado en mitad del pasaje ({problem}). Lo contado hasta aquí está guardado: pulsa Seguir y "
        "el cuento sigue."
    ),
    "The server has too many stories to tell. Yours is kept; please try again in {seconds:.0f} seconds.": (
        "El servidor tiene demasiados cuentos que contar. El tuyo está guardado; vuelve a intentarlo en {seconds:.0f} segundos."
    ),
    "The server does not take this request: {message}": "El servidor no acepta esta petición: {message}",
    "The server ended the passage ({reason}). Your story is kept.": (
        "El servidor ha terminado el pasaje ({reason}). Tu cuento está guardado."
    ),
    "The connection to the server was closed. The words so far are kept.": (
        "La conexión con el servidor se ha cerrado. Lo contado hasta aquí está guardado."
    ),
    "The server refuses the key. Whoever runs this page sets it in STORY_ENGINE_API_KEY.": (
        "El servidor no acepta la clave. Quien lleva esta página la pone en STORY_ENGINE_API_KEY."
    ),
    "The server sends to another address. Whoever runs this page names that one.": (
        "El servidor remite a otra dirección. Quien lleva esta página pone esa otra."
    ),
    "no answer in time": "no ha respondido a tiempo",
    "no connection": "no hay conexión",
    "the connection broke": "la conexión se ha cortado",
    "{message}": "{message}",
    "A server elsewhere tells this story; its numbers cannot be seen here.": (
        "Este cuento lo cuenta un servidor de otro sitio; sus números no se ven aquí."
    ),
    "How rare a word is cannot be told of a model elsewhere without its tokenizer.": (
        "Sin el tokenizador de un modelo de otro sitio no se puede decir si una palabra es rara."
    ),
    "The server does not tell the tokens of a text. Whoever runs this page names a tokenizer for it.": (
        "El servidor no dice de qué tokens se compone un texto. Quien lleva esta página indica un tokenizador para él."
    ),
    # links
    "This number is for reading along. Whoever shares the story has a link for writing along, too.": (
        "Este número es para leer. Quien comparte el cuento tiene también un enlace para escribir."
    ),
    "This link shows no story any more. Ask whoever gave it to you for a new one.": (
        "Este enlace ya no muestra ningún cuento. Pide uno nuevo a quien te lo dio."
    ),
    "There is no story behind this link. Ask whoever gave it to you for a new one.": (
        "Detrás de este enlace no hay ningún cuento. Pide uno nuevo a quien te lo dio."
    ),
    "Stories here are for children, and this one has something that is not. So it stays closed.": (
        "Aquí los cuentos son para niños, y en este hay algo que no es para ellos. Por eso se queda cerrado."
    ),
    "This story has no reading link. Make one first.": "Este cuento no tiene ningún enlace para leer. Crea antes uno.",
    "The link could not be taken back ({problem}). Try again.": (
        "No se ha podido retirar el enlace ({problem}). Vuelve a intentarlo."
    ),
    # stories and files
    "A story needs a title. Type one, then rename it.": "Un cuento necesita un título. Escribe uno y luego cámbialo.",
    "The model told the same words again. A higher temperature gives other ones.": (
        "El modelo ha contado otra vez las mismas palabras. Con una temperatura más alta salen otras."
    ),
    "Your shelf is full: it holds {most:,} stories. Remove one, then begin another.": (
        "Tu estante está lleno: caben {most} cuentos. Aparta uno y empieza otro."
    ),
    "There is no such story on the shelf any more.": "Ese cuento ya no está en el estante.",
    "This story can no longer be brought back.": "Este cuento ya no se puede recuperar.",
    "There is no story to save yet.": "Todavía no hay ningún cuento que guardar.",
    "A PDF holds at most {most:,} words. Save this story as an e-book or a text.": (
        "En un PDF caben {most} palabras como mucho. Guarda este cuento como libro electrónico o como texto."
    ),
    "A PDF holds at most {most} pictures, and this story has {count}. Choose fewer pictures among the settings, or save "
    "an e-book.": (
        "En un PDF caben {most} dibujos como mucho, y este cuento tiene {count}. Elige menos dibujos en los ajustes o "
        "guarda un libro electrónico."
    ),
    "A story cannot be saved as {form!r}. Choose one of: {forms}.": (
        "Un cuento no se puede guardar como {form!r}. Elige uno de estos: {forms}."
    ),
    "There is no story in this file.": "En este archivo no hay ningún cuento.",
    "This file is not a story saved by this playground.": "Este archivo no es un cuento guardado aquí.",
    "This file is not plain text in UTF-8. Save it as such, then open it again.": (
        "Este archivo no es texto sin formato en UTF-8. Guárdalo así y vuelve a abrirlo."
    ),
    "This file is larger than {most} MB; no story of this playground is.": (
        "Este archivo ocupa más de {most} MB; ningún cuento de aquí es tan grande."
    ),
    "Some passages no longer say how they came about; their words are all here.": (
        "Algunos pasajes ya no dicen cómo surgieron; sus palabras están todas."
    ),
    "Characters of this file that nobody can see were left out.": (
        "Se han quitado los caracteres de este archivo que nadie puede ver."
    ),
    "A word of this text has {count:,} characters; at most {most:,} fit in one go. Break it up.": (
        "Una palabra de este texto tiene {count} caracteres; de una vez caben {most} como mucho. Divídela."
    ),
    "This story file is damaged ({problem}). Use an earlier copy.": (
        "Este archivo está dañado ({problem}). Usa una copia anterior."
    ),
    "The story could not be saved ({problem}). Free some space; it is still here on the page.": (
        "No se ha podido guardar el cuento ({problem}). Libera algo de espacio; en la página sigue estando."
    ),
    "The story could not be moved ({problem}). It is where it was.": (
        "No se ha podido mover el cuento ({problem}). Está donde estaba."
    ),
    "Stories cannot be kept in {folder} ({problem}). Choose another folder.": (
        "En {folder} no se pueden guardar cuentos ({problem}). Elige otra carpeta."
    ),
    # why something was forgotten, or read again
    "the window was full": "la memoria estaba llena",
    "the window was full, and a sentence too long to be kept whole": (
        "la memoria estaba llena, y una frase era demasiado larga para guardarla entera"
    ),
    "the window was nearly empty": "la memoria estaba casi vacía",
    "it stands before what was forgotten": "está delante de lo olvidado",
    "another model reads the story": "otro modelo lee el cuento",
    "pinned by the reader": "lo has fijado tú",
}
