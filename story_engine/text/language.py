"""Whether a text is English, by the small words that every text of a language is full of. A rule can be wrong."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ENGLISH = frozenset(
    "a about after again all along also always am an and another any are around as asked at away be because "
    "been before began behind big but by call came can come could day did do does down each even every for "
    "from gave get go good got had has have he her here him his how i if in inside into is it its just know "
    "let like little live look looked made make many me more most my near never new next no not now of off on "
    "once one only or other our out over play put ran run said saw say see she side so some soon still take "
    "tell than that the their them then there these they thing this those through time to together too took "
    "two under until up upon us very wanted was we well went were what when where which while who why will "
    "with would you your yes".split()
)
# Small words of a language that are no English words; several may share one.
_OTHERS = {
    "de": frozenset(
        "aber alle auch auf aus bei beim bist dann das dem den der des dich dir doch du ein eine einem einen "
        "einer eines einmal er es für ganz gern gibt ging haben hatte heute hund hunde ich ihm ihn ihr ihre im "
        "ist ja jeden junge katze kein keine kleine kleinen kleiner kleines mehr mein mit mädchen nach nicht "
        "nichts noch nur ob oder plötzlich prinzessin schon sehr sein seine sich sie sind und uns unter vom von "
        "vor wald war waren warum weil wenn wie wieder wir wo wohnte wollte wurde zu zum zur über".split()
    ),
    "es": frozenset(
        "al aquí bosque casa como con cuando de del dijo donde el ella ellos en era eran es esta estaba este gato "
        "gatos había hace hay hoy la las le lo los mi muy más niña niño nunca para pero perro por porque que "
        "quería quiere qué se ser siempre sin sobre su sus también tenía tiene todo tu un una unos vez vieja "
        "viejo vivía y ya yo él érase".split()
    ),
    "fr": frozenset(
        "au aujourd'hui aux avait avec c'est ce cette chien dans de des du elle elles en est et fille fois forêt "
        "garçon il ils j'ai jardin je l'arbre la le les leur lui mais mon n'est ne nous ou où par pas petit "
        "petite plus pour pourquoi puis qu'il quand que qui s'appelait sa sans ses son sur toujours très un une "
        "vivait voulait vous à étaient était".split()
    ),
    "it": frozenset(
        "al alla anche bambina bambino bosco c'era cane casa che chi con da dal del della di e ed era gatto gli "
        "il io la le lo loro ma molto nel nella non oggi per perché piccola piccolo più quando se sempre si sono "
        "su sua suo un un'altra una uno viveva voleva volta è".split()
    ),
    "pt": frozenset(
        "ao as com cão da das de do dos e ela ele em era estava eu floresta foi gato havia hoje mais mas menina "
        "menino muito na nas no nos nunca não o os para pela pelo por porque quando que queria se sem sempre seu "
        "sua também tinha um uma umas vez viu vivia à é".split()
    ),
    "nl": frozenset(
        "aan als bij bos dan dat de deze die dit een eens en er ging haar had heel het hij hond huis hun ik in je "
        "jongen kat kleine maar meisje met mijn naar niet nog nooit om ook op te toen tuin uit van vandaag voor "
        "waarom was wat werd wij wilde woonde zag zei zich zij zijn zo".split()
    ),
    "sv": frozenset(
        "aldrig bodde det där en ett flicka för gick gång hade han hon hund i idag inte jag katt lille liten med "
        "men mot och om pojke på sig skogen som stor så till under var ville är".split()
    ),
    "fi": frozenset(
        "ei eräänä hän ja joka karhu kerran kissa koira metsässä mutta niin oli olipa pieni päivänä se sen tyttö".split()
    ),
    "pl": frozenset(
        "ale była był było co czy dla do i jak jego jej jest już kiedy który mały mała mieszkał miał na nie "
        "od ona oni po się tak tam to tylko w z za że".split()
    ),
    "tr": frozenset(
        "ama bir bu bütün çok da daha de diye en gibi için ile ki kadar küçük ne o onun olan sonra var ve yok".split()
    ),
}  # fmt: skip
_NOT_ENGLISH = {language: words - _ENGLISH - {"i", "o", "e"} for language, words in _OTHERS.items()}
_LATIN_ENDS, _MORE_LATIN = "\u0250", ("\u1e00", "\u1f00")
ENOUGH = 1.5  # different small words of another language that a text must have; a word with an accent is half of one
MANY = 8  # words, none of them a name, among which English has at least one small word


def is_english(text: str) -> bool:
    """Whether a text is English. What is too short to tell, such as names, is; other letters than Latin ones are not."""
    letters = [letter for letter in text if letter.isalpha()]
    if sum(not _is_latin(letter) for letter in letters) > len(letters) / 2:
        return False
    words = _WORD.findall(text)
    plain = [word for word in words if word[0].islower()]
    small = {word.lower() for word in words}
    english = len(small & _ENGLISH)
    other = max(len(small & known) for known in _NOT_ENGLISH.values())
    score = other + len({word for word in plain if not word.isascii()}) / 2
    if score >= ENOUGH and score > english:
        return False
    return bool(english) or len(plain) < MANY


def _is_latin(letter: str) -> bool:
    return letter < _LATIN_ENDS or _MORE_LATIN[0] <= letter < _MORE_LATIN[1]
