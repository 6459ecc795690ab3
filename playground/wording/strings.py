"""All words of the page, in English and German; the engine's messages are in `messages`. Stories are in English.

The browser chooses the language of the fixed parts (`gr.I18n`); `find_texts` chooses that of the rendered parts.
"""

from __future__ import annotations

from collections.abc import Mapping

from playground.wording.children import CHILDREN
from playground.wording.keyboard import KEYBOARD
from playground.wording.phrasing import PHRASING
from playground.wording.sharing import SHARING
from story_engine import HUB_MODELS, RANGES

Texts = Mapping[str, str]

# key -> English, German
WORDS: dict[str, tuple[str, str]] = {
    "language": ("en", "de"),
    "point": (".", ","),
    "notice": ("Not quite", "Nicht ganz"),
    "motto": ("You write a little, the model writes a little.", "Du schreibst ein wenig, das Modell schreibt ein wenig."),
    "caution": (
        "A small model invents these stories. They can be odd, and now and then unsuitable: grown-ups, please read along.",
        "Ein kleines Modell erfindet diese Geschichten. Sie können seltsam und auch mal unpassend sein: Große, lest mit.",
    ),
    "keeps_nothing": (
        "This browser keeps nothing for this page. Save your story to a file before you leave.",
        "Dieser Browser behält nichts für diese Seite. Speichere deine Geschichte als Datei, bevor du gehst.",
    ),
    "loses_stories": (
        "This server forgets all stories when it restarts. Save yours to a file to keep it.",
        "Dieser Server vergisst bei jedem Neustart alle Geschichten. Speichere deine als Datei, um sie zu behalten.",
    ),
    # beginning
    "opening": ("How does your story begin?", "Wie fängt deine Geschichte an?"),
    "begin": ("Begin the story", "Geschichte beginnen"),
    "or_idea": ("Or start from an idea:", "Oder nimm eine Idee (die Geschichten sind auf Englisch):"),
    "other_ideas": ("Other ideas", "Andere Ideen"),
    # writing
    "next": ("What happens next?", "Wie geht es weiter?"),
    "next_hint": (
        "Add your own words, or leave this empty and let the story go on… (Shift+Enter sends)",
        "Schreib selbst etwas (auf Englisch), oder lass es leer und die Geschichte weitergehen… (Umschalt+Enter schickt ab)",
    ),
    "continue": ("Continue", "Weiter"),
    "stop": ("Stop", "Halt"),
    "undo": ("Undo", "Zurück"),
    "redo": ("Redo", "Wieder vor"),
    "retry": ("Try again", "Noch einmal"),
    "branch": ("Three ways", "Drei Wege"),
    "strip": ("Calm to wild", "Ruhig bis wild"),
    "finish": ("Find an end", "Ein Ende finden"),
    "read": ("Read aloud", "Vorlesen"),
    "voiceless": ("This browser has no voice to read with.", "Dieser Browser hat keine Stimme zum Vorlesen."),
    "speed": ("Speed", "Tempo"),
    "voice": ("Voice", "Stimme"),
    "usual_voice": ("the browser's own", "die des Browsers"),
    "stop_reading": ("Stop reading", "Nicht mehr vorlesen"),
    # the panel of a passage
    "change": ("Change this passage", "Diese Stelle ändern"),
    "keep_change": ("Keep the change", "Änderung behalten"),
    "leave": ("Leave it as it was", "So lassen, wie es war"),
    "pins": ("Always remember", "Immer behalten"),
    "pins_hint": (
        "Ticked sentences stay in the model's memory, however long the story grows.",
        "Angekreuzte Sätze bleiben im Gedächtnis des Modells, wie lang die Geschichte auch wird.",
    ),
    "look_words": ("What else might it have said?", "Was hätte da noch stehen können?"),
    "asked": ("What mattered for this sentence?", "Was war wichtig für diesen Satz?"),
    "asked_hint": (
        "Shows how much each earlier paragraph made it likelier: the model reads on without it, and is asked again.",
        "Zeigt, wie viel wahrscheinlicher jeder Absatz davor ihn machte: Das Modell liest ohne ihn und wird wieder gefragt.",
    ),
    "replay": ("Tell it again by this receipt", "Nach diesem Beleg noch einmal erzählen"),
    # memory
    "mind": ("Keep in mind", "Im Sinn behalten"),
    "characters": ("Who is who, a line each", "Wer ist wer, je eine Zeile"),
    "notes": ("What else is true", "Was sonst noch gilt"),
    "mind_hint": (
        "The model reads these lines right after the story's opening, as if the story had said them. "
        "They are no part of the book.",
        "Diese Zeilen stehen hinter dem Anfang, wann immer das Modell die Geschichte liest, als hätte sie es gesagt. "
        "Im Buch stehen sie nicht.",
    ),
    "lore": ("Lore: who or what, and what is true of it", "Wissen: wer oder was, und was davon gilt"),
    "lore_hint": (
        "A line each: names, a colon, a sentence or two. The model reads it while the last four passages say one of the names.",
        "Je eine Zeile: Namen, ein Doppelpunkt, ein, zwei Sätze. Das Modell liest sie, solange einer der Namen in den letzten "
        "vier Stellen steht.",
    ),
    "pinning": ("A click on a sentence pins it", "Ein Klick auf einen Satz behält ihn"),
    "keep": ("Keep this in mind", "Das im Sinn behalten"),
    "reads": ("What the model reads", "Was das Modell liest"),
    "look_context": ("Show what it reads now", "Zeigen, was es jetzt liest"),
    "by_token": ("token by token", "Token für Token"),
    "versions": ("All versions", "Alle Fassungen"),
    # settings
    "options": ("How the model writes", "Wie das Modell schreibt"),
    "more": ("More", "Mehr"),
    "temperature": ("Temperature", "Temperatur"),
    "top_p": ("Top-p", "Top-p"),
    "max_new_tokens": ("Length", "Länge"),
    "top_k": ("Top-k", "Top-k"),
    "min_p": ("Min-p", "Min-p"),
    "repetition_penalty": ("Repetition penalty", "Strafe für Wiederholung"),
    "guidance": ("Guidance by the story", "Führung durch die Geschichte"),
    "dry_multiplier": ("Repeats (DRY)", "Wiederholungen (DRY)"),
    "best_of": ("Best of", "Bestes von"),
    "seed": ("Seed", "Startzahl"),
    "temperature_hint": (RANGES["temperature"][2], "wie gewagt die Wörter sind; 0 nimmt immer das wahrscheinlichste"),
    "top_p_hint": (RANGES["top_p"][2], "behält die wahrscheinlichsten Wörter, die zusammen diesen Anteil haben"),
    "max_new_tokens_hint": (RANGES["max_new_tokens"][2], "so viele Token darf eine Stelle höchstens haben"),
    "top_k_hint": (RANGES["top_k"][2], "behält höchstens so viele Wörter; 0 behält alle"),
    "min_p_hint": (
        RANGES["min_p"][2],
        "lässt weg, was unter diesem Teil des wahrscheinlichsten Wortes liegt; 0: nichts",
    ),
    "repetition_penalty_hint": (RANGES["repetition_penalty"][2], "macht schon benutzte Wörter unwahrscheinlicher; 1 ist aus"),
    "guidance_hint": (RANGES["guidance"][2], "wie viel mehr die bisherige Geschichte bei der Wahl der Wörter zählt; 0 ist aus"),
    "dry_multiplier_hint": (
        RANGES["dry_multiplier"][2],
        "Wortfolgen, die schon vorkamen, sind unwahrscheinlicher, je länger sie sind; 0 ist aus",
    ),
    "best_of_hint": (
        RANGES["best_of"][2],
        "erzählt so viele Stellen zugleich und behält die, die am besten aus der Geschichte folgt; 1 ist aus",
    ),
    "comparing": (
        "Telling {count} passages at once, to keep the best …",
        "Erzählt {count} Stellen zugleich, um die beste zu behalten …",
    ),
    "seed_hint": (RANGES["seed"][2], "dieselbe Startzahl erzählt dieselbe Geschichte; keine zieht eine neue"),
    "ending": ("Sentences to the end", "Sätze bis zum Ende"),
    "ending_hint": ("about so many, when you ask for one", "ungefähr so viele, wenn du eins suchst"),
    "unwanted": ("Words never wanted", "Wörter, die nie vorkommen sollen"),
    "unwanted_hint": (
        "with commas between them, other forms too (mouse, mice); the model never says them, your own words may",
        "mit Kommas dazwischen, auch andere Formen (mouse, mice); das Modell sagt sie nie, deine Worte dürfen es",
    ),
    "pictures": ("Pictures", "Bilder"),
    "pictures_hint": (
        "drawn by rule from the story's words, here and in the files that you save; a click on somebody draws them otherwise",
        "nach Regeln aus den Worten der Geschichte gezeichnet, hier und in Dateien; ein Klick auf jemanden zeichnet ihn anders",
    ),
    "pictures_off": ("none", "keine"),
    "pictures_all": ("one for every passage", "eins für jede Stelle"),
    "pictures_ends": ("where a chapter ends", "wo ein Kapitel endet"),
    "model": ("Model", "Modell"),
    "GODELEV/Test-1-3000": (HUB_MODELS["GODELEV/Test-1-3000"], "190M Parameter, 3000 Schritte mit TinyStories"),
    "GODELEV/Test-1-4000": (HUB_MODELS["GODELEV/Test-1-4000"], "sein Nachfolger, 4000 Schritte"),
    "at_once": ("Or all of it at once:", "Oder alles auf einmal:"),
    "Recommended": ("Recommended", "Empfohlen"),
    "Calm": ("Calm", "Ruhig"),
    "Wild": ("Wild", "Wild"),
    "manner_name": ("Keep these settings under a name", "Diese Einstellungen unter einem Namen behalten"),
    "keep_manner": ("Keep", "Behalten"),
    "own_manner": ("Your own manners of writing", "Deine eigenen Schreibweisen"),
    "drop_manner": ("Drop", "Weg damit"),
    # stories
    "file": ("Your stories", "Deine Geschichten"),
    "shelf": ("Take a story from the shelf", "Eine Geschichte aus dem Regal nehmen"),
    "new": ("New story", "Neue Geschichte"),
    "title": ("Its title", "Ihr Titel"),
    "rename": ("Rename", "Umbenennen"),
    "duplicate": ("Duplicate", "Verdoppeln"),
    "remove": ("Remove", "Weglegen"),
    "restore": ("Bring it back", "Zurückholen"),
    "form": ("Save as", "Speichern als"),
    "text": ("text", "Text"),
    "Markdown": ("Markdown", "Markdown"),
    "web page": ("web page", "Webseite"),
    "e-book": ("e-book", "E-Book"),
    "PDF": ("PDF", "PDF"),
    "booklet": ("booklet to fold (PDF)", "Heft zum Falten (PDF)"),
    "all versions": ("all versions", "alle Fassungen"),
    "save": ("Save to a file", "Datei speichern"),
    "open": ("Open a file", "Eine Datei öffnen"),
    "file_hint": (
        "Stories are kept on this server as you write; a file is yours to keep.",
        "Geschichten bleiben auf diesem Server, während du schreibst; eine Datei gehört dir.",
    ),
    "copy": ("copy", "Kopie"),
    "learned": ("How the model learned to tell stories", "Wie das Modell erzählen lernte"),
    "stages": ("The same opening, told at each stage", "Derselbe Anfang, auf jeder Stufe erzählt"),
    "untrained": ("Before any training", "Vor allem Lernen"),
    "after_training": ("After {share:.0%} of the training", "Nach {share:.0%} des Lernens"),
    "before_tuning": ("Before it read any of these stories", "Bevor es eine dieser Geschichten las"),
    "phase_words": ("words", "Wörter"),
    "phase_sentences": ("sentences", "Sätze"),
    "phase_coherence": ("coherence", "Zusammenhang"),
    "phase_telling": ("storytelling", "Erzählen"),
    "steps": ("{steps:,} steps", "{steps} Schritte"),
    "surprise": (
        "how surprised the model is by new stories, in nats a token",
        "wie sehr neue Geschichten das Modell überraschen, in Nats pro Token",
    ),
    "curve_label": (
        "The model's surprise at new stories fell from {top} to {bottom} nats a token over {steps:,} steps of training",
        "Die Überraschung des Modells von neuen Geschichten fiel in {steps} Schritten von {top} auf {bottom} Nats pro Token",
    ),
    # rendered: the book
    "the_story": ("The story", "Die Geschichte"),
    "forgotten": ("The model no longer remembers this.", "Das weiß das Modell nicht mehr."),
    "next-forgotten": ("This will be forgotten next.", "Das wird als Nächstes vergessen."),
    "line": ("forgotten next", "wird als Nächstes vergessen"),
    "pinned": ("Always remembered.", "Wird immer behalten."),
    "change_reader": ("Change your words", "Deine Worte ändern"),
    "change_model": ("Change the model's words", "Die Worte des Modells ändern"),
    "previous": ("Previous version", "Fassung davor"),
    "following": ("Next version", "Nächste Fassung"),
    "place": ("{place} of {count}", "{place} von {count}"),
    "end": ("The End", "Ende"),
    "picture": ("Picture: {who}", "Bild: {who}"),
    "change_figure": ("Draw {who} otherwise", "{who} anders zeichnen"),
    "retold": ("↺ told anew", "↺ neu erzählt"),
    "retold_hint": (
        "This went round in circles, and was told anew from an earlier place.",
        "Das drehte sich im Kreis und wurde von einer früheren Stelle an neu erzählt.",
    ),
    "doubts": ("Does this go with the story?", "Passt das zur Geschichte?"),
    "doubt_name": (
        "Who is {name}? The story has not told of {name} so far.",
        "Wer ist {name}? Von {name} hat die Geschichte bisher nicht erzählt.",
    ),
    "doubt_pronoun": ("The story called {name} something else so far.", "Bisher hat die Geschichte {name} anders genannt."),
    "otherwise": ("Tell it another way", "Anders erzählen"),
    # rendered: the meter
    "meter": (
        "The model remembers {used:,} of {context:,} tokens · {said}.",
        "Das Modell hat {used} von {context} Token im Gedächtnis · {said}.",
    ),
    "meter_label": (
        "The model's memory is {share:.0f} percent full",
        "Das Gedächtnis des Modells ist zu {share:.0f} Prozent voll",
    ),
    "gone_none": ("nothing forgotten", "nichts vergessen"),
    "gone_one": ("1 sentence forgotten", "1 Satz vergessen"),
    "gone": ("{count:,} sentences forgotten", "{count} Sätze vergessen"),
    "ledger_forgotten_one": ("1 sentence ({tokens} tokens) forgotten", "1 Satz ({tokens} Token) vergessen"),
    "ledger_forgotten": ("{count} sentences ({tokens} tokens) forgotten", "{count} Sätze ({tokens} Token) vergessen"),
    "ledger_recalled_one": ("1 sentence ({tokens} tokens) recalled", "1 Satz ({tokens} Token) wieder gelesen"),
    "ledger_recalled": ("{count} sentences ({tokens} tokens) recalled", "{count} Sätze ({tokens} Token) wieder gelesen"),
    "unpinned": ("Not every pin fits.", "Nicht alles Angekreuzte passt hinein."),
    "unnoted": ("Not every note fits.", "Nicht jede Zeile passt hinein."),
    "long_opening": (
        "The opening is long: only its first sentences are always remembered.",
        "Der Anfang ist lang: Nur seine ersten Sätze werden immer behalten.",
    ),
    "going": ("The next sentence to be forgotten:", "Der nächste Satz, der vergessen wird:"),
    "keep_it": ("Keep it", "Behalten"),
    "let_go": ("Let it go", "Loslassen"),
    "kept_ones": ("Always remembered:", "Immer behalten:"),
    "pin": ("Click to keep this in mind always", "Klicken, um das immer zu behalten"),
    "lore_title": ("What it has in mind beside the story:", "Was es außer der Geschichte im Sinn hat:"),
    "lore_always": ("always", "immer"),
    "lore_named": ("because the story just said “{name}”", "weil die Geschichte gerade „{name}“ gesagt hat"),
    "lore_crowded": ("“{name}” was said, but there is no room for this", "„{name}“ steht da, aber dafür ist kein Platz"),
    "lore_waits": ("{count} lines of lore wait for their names.", "{count} Zeilen Wissen warten auf ihre Namen."),
    "lore_waits_one": ("1 line of lore waits for its name.", "1 Zeile Wissen wartet auf ihren Namen."),
    "will_forget": (
        "As the story grows past the model's memory, its oldest sentences are forgotten, but never its opening.",
        "Wächst die Geschichte über das Gedächtnis hinaus, werden ihre ältesten Sätze vergessen, aber nie der Anfang.",
    ),
    "reading": (
        "Half of the sentences have {words:.0f} words or fewer; {rare:.0%} of the words are rare to this model.",
        "Die Hälfte der Sätze hat höchstens {words:.0f} Wörter; {rare:.0%} der Wörter sind für dieses Modell selten.",
    ),
    # rendered: tellings
    "which_way": ("Which way shall it go?", "Welchen Weg soll sie nehmen?"),
    "same_chances": ("The same chances, from calm to wild.", "Dieselben Zufälle, von ruhig bis wild."),
    "tellings": ("Tellings of the last passage", "Fassungen der letzten Stelle"),
    "told_at_once": ("Told side by side:", "Nebeneinander erzählt:"),
    "heat": ("temperature {heat}", "Temperatur {heat}"),
    "same_words": ("the same words", "dieselben Worte"),
    "parts": ("Here it leaves the calmest telling.", "Hier verlässt sie die ruhigste Fassung."),
    # rendered: a closer look
    "sure": ("{chance:.0%} sure. Also: {others}", "Zu {chance:.0%} sicher. Auch: {others}"),
    "every_beginning": ("The beginning of every story", "Der Anfang jeder Geschichte"),
    "part": ("{name} · {tokens:,} tokens", "{name} · {tokens} Token"),
    "token": ("token {number}", "Token {number}"),
    "the_opening": ("The opening", "Der Anfang"),
    "in_mind": ("To be kept in mind", "Im Sinn zu behalten"),
    "remembered": ("The story as it is remembered", "Die Geschichte, wie sie im Gedächtnis ist"),
    "receipt": ("How this passage came about", "Wie diese Stelle entstand"),
    "told_by": ("Told by model {model} from {tokens:,} tokens", "Erzählt vom Modell {model} aus {tokens} Token"),
    "receipt_forgotten": ("{count} sentences forgotten", "{count} Sätze vergessen"),
    "receipt_ending": ("to an end in about {count} sentences", "zu einem Ende in etwa {count} Sätzen"),
    "receipt_loops": ("repetitions taken back: {count}", "Wiederholungen zurückgenommen: {count}"),
    "no_difference": ("made no difference", "machte keinen Unterschied"),
    "likelier": ("made it {times} times likelier", "machte ihn {times}-mal wahrscheinlicher"),
    "less_likely": ("made it {times} times less likely", "machte ihn {times}-mal unwahrscheinlicher"),
    "told_same": ("Told again, word for word the same.", "Noch einmal erzählt, Wort für Wort gleich."),
    "told_other": ("Told again, it goes another way after", "Noch einmal erzählt, geht es anders weiter nach"),
}
WORDS |= CHILDREN | KEYBOARD | PHRASING | SHARING
LANGUAGES = ("en", "de")
TABLES: dict[str, dict[str, str]] = {
    language: {key: words[number] for key, words in WORDS.items()} for number, language in enumerate(LANGUAGES)
}
ENGLISH: Texts = TABLES["en"]


def find_texts(language: str) -> Texts:
    """The words of a language; English where there is no such table."""
    return TABLES.get(language, ENGLISH)


def choose_language(accepted: str) -> str:
    """The first language of an Accept-Language header that there is a table for; English where there is none."""
    tags = [tag.split(";")[0].strip().split("-")[0].lower() for tag in accepted.split(",")]
    return next((tag for tag in tags if tag in LANGUAGES), LANGUAGES[0])
