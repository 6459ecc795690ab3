"""The engine's messages to a reader, in German: each by the engine's own words, with the same fields in braces."""

MESSAGES = {
    # what a reader asked for
    "Begin a story first: write its opening, or pick an idea.": (
        "Fang zuerst eine Geschichte an: Schreib, wie sie beginnt, oder nimm eine Idee."
    ),
    "Write how the story begins, or pick an idea.": "Schreib, wie die Geschichte anfängt, oder nimm eine Idee.",
    "The model knows English only, so it may make little sense of this. Your words are kept; in English it follows you "
    "better.": (
        "Das Modell kann nur Englisch und wird hieraus nicht klug. Deine Worte bleiben stehen; auf Englisch folgt es dir "
        "besser."
    ),
    "Your words must be plain text.": "Deine Worte müssen reiner Text sein.",
    "That is {count:,} characters; at most {most:,} fit in one go. Add it in several parts.": (
        "Das sind {count} Zeichen; auf einmal passen höchstens {most}. Füg es in mehreren Teilen hinzu."
    ),
    "Your words hold a broken character. Type them again, or copy them anew.": (
        "In deinen Worten steht ein kaputtes Zeichen. Tipp sie noch einmal, oder kopier sie neu."
    ),
    "Notes may be {lines} lines of {most} characters. Shorten them.": (
        "Notizen dürfen {lines} Zeilen zu {most} Zeichen haben. Kürze sie."
    ),
    "A line of lore needs names, a colon, and what is true, as in “Rex, the dog: Rex is old.” Change: “{line}”.": (
        "Eine Zeile Wissen braucht Namen, einen Doppelpunkt und was gilt, wie „Rex, the dog: Rex is old.“ Ändere: „{line}“."
    ),
    "Lore may be {lines} lines of {most} characters, each with up to {names} names of {length}. Shorten it.": (
        "Wissen darf {lines} Zeilen zu {most} Zeichen haben, jede mit bis zu {names} Namen zu {length}. Kürze es."
    ),
    "Stories here are for children, and this has something of {kinds}. Find kinder words, then send them again.": (
        "Hier entstehen Geschichten für Kinder, und darin steckt etwas davon: {kinds}. Finde freundlichere Worte, dann "
        "schick sie noch einmal."
    ),
    "This story has something of {kinds}. A grown-up can open it: switch off “For children” in the settings first.": (
        "In dieser Geschichte steckt etwas davon: {kinds}. Ein Großer kann sie öffnen: Schalte vorher „Für Kinder“ in "
        "den Einstellungen aus."
    ),
    "This passage has something of {kinds}, so it stays closed. A grown-up can read it in the settings, under “For "
    "grown-ups”.": (
        "In dieser Stelle steckt etwas davon: {kinds}. Darum bleibt sie zu. Ein Großer kann sie in den Einstellungen "
        "lesen, unter „Für Große“."
    ),
    "the end of a life": "das Ende eines Lebens",
    "hurting somebody": "jemandem wehtun",
    "things to fight with": "Sachen zum Kämpfen",
    "things for grown-ups only": "was nur für Große ist",
    "rude words": "grobe Worte",
    "an address, a telephone number or an e-mail address": "eine Adresse, eine Telefonnummer oder eine E-Mail-Adresse",
    "This passage was told for children, and the list that checked it has changed since.": (
        "Diese Stelle wurde für Kinder erzählt, und die Liste, die sie geprüft hat, hat sich seitdem geändert."
    ),
    "That is not 7 × 8. Ask a grown-up.": "Das ist nicht 7 × 8. Frag einen Großen.",
    "This story is being written right now. Stop it first, or wait for it to finish.": (
        "An dieser Geschichte wird gerade geschrieben. Halt sie an, oder warte, bis sie fertig ist."
    ),
    "The story is still being written. Please try again in a moment.": (
        "An der Geschichte wird noch geschrieben. Bitte versuch es gleich noch einmal."
    ),
    "A passage of this length takes more than half of this model's {context} tokens. Choose a shorter one.": (
        "Eine so lange Stelle braucht mehr als die Hälfte der {context} Token dieses Modells. Wähl eine kürzere."
    ),
    "A wish may have {most} characters. Shorten it.": "Ein Wunsch darf {most} Zeichen haben. Kürze ihn.",
    "Tellings told side by side must share one length.": "Was auf einmal erzählt wird, hat dieselbe Länge.",
    "An ending takes {fewest} to {most} sentences.": "Ein Ende braucht {fewest} bis {most} Sätze.",
    "The model stumbled and gave no usable word. Your story is kept; please try again.": (
        "Das Modell ist gestolpert und hat kein brauchbares Wort gefunden. Deine Geschichte ist noch da; bitte versuch "
        "es noch einmal."
    ),
    "Something went wrong on this server. Your story is kept; please try again.": (
        "Auf diesem Server ist etwas schiefgegangen. Deine Geschichte ist noch da; bitte versuch es noch einmal."
    ),
    "The playground is closing. Your words are still in their box; please try again in a minute.": (
        "Die Seite schließt gerade. Deine Worte stehen noch in ihrem Feld; bitte versuch es in einer Minute noch einmal."
    ),
    "That is more than {most} passages in a minute. Wait {wait} seconds, then go on.": (
        "Das sind mehr als {most} Stellen in einer Minute. Warte {wait} Sekunden, dann geht es weiter."
    ),
    "This server keeps as many stories as it has room for. Save yours as a file, and ask who runs it for more room.": (
        "Dieser Server hat keinen Platz für weitere Geschichten. Speichere deine als Datei, und bitte den Betreiber um "
        "mehr Platz."
    ),
    # passages and sentences
    "Your change of another passage is not kept yet. Keep it or leave it first.": (
        "Deine Änderung an einer anderen Stelle ist noch nicht behalten. Behalte sie zuerst, oder lass sie."
    ),
    "There is no such passage in this story.": "Diese Stelle gibt es in der Geschichte nicht.",
    "Only a passage of the story in view can be changed.": "Ändern lässt sich nur, was gerade zu sehen ist.",
    "A passage cannot be empty. Use undo to take it back.": "Eine Stelle kann nicht leer sein. Mit Zurück verschwindet sie.",
    "This sentence cannot be pinned. The opening is always remembered anyway.": (
        "Dieser Satz lässt sich nicht anheften. Der Anfang wird ohnehin immer behalten."
    ),
    "Nobody in these pictures has this name. Click somebody in a picture.": (
        "Niemand auf diesen Bildern heißt so. Klick auf jemanden in einem Bild."
    ),
    "Choose a sentence first.": "Wähl zuerst einen Satz.",
    "The model no longer remembers this sentence.": "Diesen Satz weiß das Modell nicht mehr.",
    "Nothing stands before this sentence.": "Vor diesem Satz steht nichts.",
    "There is no such word in this passage.": "Dieses Wort gibt es an dieser Stelle nicht.",
    "The model does not know this word.": "Dieses Wort kennt das Modell nicht.",
    "This passage is too long to be looked at word by word.": "Diese Stelle ist zu lang, um sie Wort für Wort anzusehen.",
    "Only a passage as the model told it can be told again.": (
        "Noch einmal erzählen lässt sich nur, was das Modell so erzählt hat."
    ),
    "Another model told this passage, or this one with other rounding. Choose that one first.": (
        "Ein anderes Modell hat diese Stelle erzählt, oder dieses mit anderer Rundung. Wähl zuerst jenes."
    ),
    "What the model remembered then cannot be restored: pins or words have changed since.": (
        "Was das Modell damals wusste, lässt sich nicht wiederherstellen: Angeheftetes oder Worte haben sich seitdem geändert."
    ),
    # settings and models
    "Please check the settings: {problems}.": "Bitte sieh die Einstellungen durch: {problems}.",
    "{name} must be a whole number": "{name} muss eine ganze Zahl sein",
    "{name} must be yes or no": "{name} muss ja oder nein sein",
    "{name} must be one of {levels}": "{name} muss eins von {levels} sein",
    "{name} must be a number": "{name} muss eine Zahl sein",
    "{name} must lie between {low:g} and {high:g}": "{name} muss zwischen {low:g} und {high:g} liegen",
    "Unknown settings: {unknown}. Known are: {known}.": "Unbekannte Einstellungen: {unknown}. Bekannt sind: {known}.",
    "words never wanted may be {most} of up to {length} characters": (
        "es dürfen {most} Wörter zu {length} Zeichen sein, die nie vorkommen sollen"
    ),
    "Words never wanted must be plain text, with commas between them.": (
        "Wörter, die nie vorkommen sollen, müssen reiner Text mit Kommas dazwischen sein."
    ),
    "Give this manner of writing a name first.": "Gib dieser Schreibweise zuerst einen Namen.",
    "There are {most} manners already. Drop one first.": "Es gibt schon {most} Schreibweisen. Wirf zuerst eine weg.",
    "This playground does not offer that model. Choose one from the list.": (
        "Dieses Modell gibt es hier nicht. Wähl eins aus der Liste."
    ),
    "{name} cannot be fetched from the hub ({problem}). Check the name and the network.": (
        "{name} ist nicht zu bekommen ({problem}). Prüf den Namen und das Netz."
    ),
    "{problem} The story goes on with the {model} model.": "{problem} Die Geschichte geht mit dem Modell {model} weiter.",
    "The compiled kernel needs a CPU, Linux or macOS, and numba. Leave it at auto.": (
        "Der übersetzte Kern braucht einen Prozessor ohne Grafikkarte, Linux oder macOS, und numba. Lass die Einstellung "
        "auf auto."
    ),
    "int8 needs the compiled kernel, on a CPU. Leave the kernel and the precision at auto.": (
        "int8 braucht den übersetzten Kern und einen Prozessor. Lass Kern und Genauigkeit auf auto."
    ),
    # servers elsewhere
    "{server} does not know these settings, so they have no effect: {names}.": (
        "{server} kennt diese Einstellungen nicht, also bewirken sie nichts: {names}."
    ),
    "{server} tells one passage at a time, so these come one after another.": (
        "{server} erzählt immer nur eine Stelle, also kommen diese nacheinander."
    ),
    "{server} does not tell how likely the words of a text are.": (
        "{server} sagt nicht, wie wahrscheinlich die Wörter eines Textes sind."
    ),
    "The server that tells the stories does not answer ({problem}). Your story is kept; please try again in a moment.": (
        "Der Server, der die Geschichten erzählt, antwortet nicht ({problem}). Deine Geschichte ist noch da; bitte "
        "versuch es gleich noch einmal."
    ),
    "The server broke off in mid-passage ({problem}). The words so far are kept: press Continue, and the story goes on.": (
        "Der Server ist mitten in der Stelle abgebrochen ({problem}). Die Worte bis hierher sind noch da: Mit Weiter "
        "geht es weiter."
    ),
    "The server has too many stories to tell. Yours is kept; please try again in {seconds:.0f} seconds.": (
        "Der Server hat zu viele Geschichten zu erzählen. Deine ist noch da; bitte versuch es in {seconds:.0f} Sekunden "
        "noch einmal."
    ),
    "The server does not take this request: {message}": "Der Server nimmt diese Anfrage nicht an: {message}",
    "The server ended the passage ({reason}). Your story is kept.": (
        "Der Server hat die Stelle beendet ({reason}). Deine Geschichte ist noch da."
    ),
    "The connection to the server was closed. The words so far are kept.": (
        "Die Verbindung zum Server ist zu. Die Worte bis hierher sind noch da."
    ),
    "The server refuses the key. Whoever runs this page sets it in STORY_ENGINE_API_KEY.": (
        "Der Server nimmt den Schlüssel nicht an. Wer diese Seite betreibt, setzt ihn in STORY_ENGINE_API_KEY."
    ),
    "The server sends to another address. Whoever runs this page names that one.": (
        "Der Server verweist an eine andere Adresse. Wer diese Seite betreibt, gibt jene an."
    ),
    "no answer in time": "keine Antwort in der Zeit",
    "no connection": "keine Verbindung",
    "the connection broke": "die Verbindung ist abgerissen",
    "{message}": "{message}",
    "A server elsewhere tells this story; its numbers cannot be seen here.": (
        "Ein Server anderswo erzählt diese Geschichte; seine Zahlen sind hier nicht zu sehen."
    ),
    "How rare a word is cannot be told of a model elsewhere without its tokenizer.": (
        "Wie selten ein Wort ist, lässt sich von einem Modell anderswo ohne seinen Tokenizer nicht sagen."
    ),
    "The server does not tell the tokens of a text. Whoever runs this page names a tokenizer for it.": (
        "Der Server sagt nicht, aus welchen Token ein Text besteht. Wer diese Seite betreibt, nennt einen Tokenizer dafür."
    ),
    # links
    "This number is for reading along. Whoever shares the story has a link for writing along, too.": (
        "Diese Nummer ist zum Mitlesen. Wer die Geschichte teilt, hat auch einen Link zum Mitschreiben."
    ),
    "This link shows no story any more. Ask whoever gave it to you for a new one.": (
        "Dieser Link zeigt keine Geschichte mehr. Bitte die Person, von der du ihn hast, um einen neuen."
    ),
    "There is no story behind this link. Ask whoever gave it to you for a new one.": (
        "Hinter diesem Link ist keine Geschichte. Bitte die Person, von der du ihn hast, um einen neuen."
    ),
    "Stories here are for children, and this one has something that is not. So it stays closed.": (
        "Hier sind Geschichten für Kinder, und in dieser steht etwas, das nicht für sie ist. Darum bleibt sie zu."
    ),
    "This story has no reading link. Make one first.": "Diese Geschichte hat keinen Link zum Mitlesen. Mach zuerst einen.",
    "The link could not be taken back ({problem}). Try again.": (
        "Der Link ließ sich nicht zurücknehmen ({problem}). Versuch es noch einmal."
    ),
    # stories and files
    "A story needs a title. Type one, then rename it.": "Eine Geschichte braucht einen Titel. Tipp einen ein.",
    "The model told the same words again. A higher temperature gives other ones.": (
        "Das Modell hat wieder dieselben Worte erzählt. Eine höhere Temperatur ergibt andere."
    ),
    "Your shelf is full: it holds {most:,} stories. Remove one, then begin another.": (
        "Dein Regal ist voll: {most} Geschichten stehen darin. Leg eine weg, dann fang eine neue an."
    ),
    "There is no such story on the shelf any more.": "Diese Geschichte steht nicht mehr im Regal.",
    "This story can no longer be brought back.": "Diese Geschichte lässt sich nicht mehr zurückholen.",
    "There is no story to save yet.": "Es gibt noch keine Geschichte zu speichern.",
    "A PDF holds at most {most:,} words. Save this story as an e-book or a text.": (
        "Ein PDF fasst höchstens {most} Wörter. Speichere diese Geschichte als E-Book oder Text."
    ),
    "A PDF holds at most {most} pictures, and this story has {count}. Choose fewer pictures among the settings, or save "
    "an e-book.": (
        "Ein PDF fasst höchstens {most} Bilder, und diese Geschichte hat {count}. Wähl bei den Einstellungen weniger "
        "Bilder, oder speichere ein E-Book."
    ),
    "A story cannot be saved as {form!r}. Choose one of: {forms}.": (
        "Eine Geschichte lässt sich nicht als {form!r} speichern. Wähl eins von: {forms}."
    ),
    "There is no story in this file.": "In dieser Datei steht keine Geschichte.",
    "This file is not a story saved by this playground.": "Diese Datei ist keine Geschichte, die hier gespeichert wurde.",
    "This file is not plain text in UTF-8. Save it as such, then open it again.": (
        "Diese Datei ist kein reiner Text in UTF-8. Speichere sie so, dann öffne sie wieder."
    ),
    "This file is larger than {most} MB; no story of this playground is.": (
        "Diese Datei ist größer als {most} MB; so groß ist hier keine Geschichte."
    ),
    "Some passages no longer say how they came about; their words are all here.": (
        "Einige Stellen sagen nicht mehr, wie sie entstanden sind; ihre Worte sind alle da."
    ),
    "Characters of this file that nobody can see were left out.": (
        "Zeichen dieser Datei, die niemand sehen kann, sind weggelassen."
    ),
    "A word of this text has {count:,} characters; at most {most:,} fit in one go. Break it up.": (
        "Ein Wort dieses Textes hat {count} Zeichen; auf einmal passen höchstens {most}. Teil es auf."
    ),
    "This story file is damaged ({problem}). Use an earlier copy.": (
        "Diese Datei ist beschädigt ({problem}). Nimm eine frühere."
    ),
    "The story could not be saved ({problem}). Free some space; it is still here on the page.": (
        "Die Geschichte ließ sich nicht speichern ({problem}). Schaff etwas Platz; auf der Seite ist sie noch."
    ),
    "The story could not be moved ({problem}). It is where it was.": (
        "Die Geschichte ließ sich nicht weglegen ({problem}). Sie ist, wo sie war."
    ),
    "Stories cannot be kept in {folder} ({problem}). Choose another folder.": (
        "In {folder} lassen sich keine Geschichten aufheben ({problem}). Wähl einen anderen Ordner."
    ),
    # why something was forgotten, or read again
    "the window was full": "das Gedächtnis war voll",
    "the window was full, and a sentence too long to be kept whole": (
        "das Gedächtnis war voll, und ein Satz zu lang, um ihn ganz zu behalten"
    ),
    "the window was nearly empty": "das Gedächtnis war fast leer",
    "it stands before what was forgotten": "es steht vor dem, was vergessen ist",
    "another model reads the story": "ein anderes Modell liest die Geschichte",
    "pinned by the reader": "du hast es angeheftet",
}
