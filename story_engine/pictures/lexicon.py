"""Lexicon: which words of a story name a thing, a place, an hour, a weather or a mood that can be drawn."""

from __future__ import annotations

import re
from typing import Literal

from story_engine.pictures.creatures import CREATURE_OF, PERSON_OF

Place = Literal[
    "meadow", "forest", "park", "garden", "farm", "town", "road", "beach", "river", "sea", "underwater", "mountain", "desert",
    "castle", "school", "room", "kitchen", "bedroom", "shop", "sky", "space", "cave",
]  # fmt: skip

Time = Literal["day", "morning", "evening", "night"]

Weather = Literal["", "sunny", "rain", "snow", "wind", "storm", "rainbow"]

# symbol, height: the words that name the thing. `carried` things go into a hand where somebody has them.
_THINGS = {
    ("soccer-ball", 30): "ball soccer football",
    ("basketball", 32): "basketball",
    ("balloon", 62): "balloon",
    ("kite", 62): "kite",
    ("teddy-bear", 46): "teddy teddy-bear doll toy toys plush",
    ("automobile", 84): "car cars",
    ("bus", 112): "bus",
    ("delivery-truck", 100): "truck lorry van",
    ("locomotive", 118): "train engine",
    ("tractor", 100): "tractor",
    ("fire-engine", 104): "fire-truck firetruck",
    ("airplane", 76): "airplane plane jet",
    ("rocket", 110): "rocket spaceship",
    ("sailboat", 92): "boat ship sailboat",
    ("bicycle", 78): "bicycle bike",
    ("kick-scooter", 66): "scooter",
    ("sled", 52): "sled sleigh",
    ("wrapped-gift", 46): "gift present surprise",
    ("birthday-cake", 50): "cake",
    ("cupcake", 34): "cupcake muffin",
    ("cookie", 28): "cookie biscuit cookies",
    ("red-apple", 30): "apple",
    ("banana", 34): "banana",
    ("carrot", 34): "carrot",
    ("strawberry", 28): "strawberry berry berries strawberries",
    ("cherries", 30): "cherry cherries",
    ("pear", 30): "pear",
    ("grapes", 32): "grape grapes",
    ("tangerine", 28): "tangerine",
    ("lemon", 28): "lemon",
    ("watermelon", 38): "watermelon",
    ("bread", 34): "bread loaf",
    ("cheese-wedge", 32): "cheese",
    ("honey-pot", 40): "honey jam",
    ("soft-ice-cream", 38): "ice-cream cone",
    ("candy", 28): "candy candies sweets treat",
    ("lollipop", 36): "lollipop",
    ("chocolate-bar", 32): "chocolate",
    ("pizza", 36): "pizza",
    ("sandwich", 34): "sandwich",
    ("egg", 26): "egg eggs",
    ("pot-of-food", 48): "soup stew pot",
    ("steaming-bowl", 38): "noodles rice",
    ("glass-of-milk", 34): "milk juice",
    ("teapot", 40): "teapot tea",
    ("pie", 40): "pie",
    ("old-key", 34): "key",
    ("gem-stone", 32): "gem diamond jewel jewels",
    ("crown", 34): "crown",
    ("ring", 26): "ring",
    ("coin", 28): "coin coins penny",
    ("money-bag", 36): "money gold treasure",
    ("magic-wand", 40): "wand",
    ("candle", 36): "candle",
    ("flashlight", 36): "flashlight torch",
    ("open-book", 38): "book story-book",
    ("pencil", 36): "pencil pen",
    ("crayon", 34): "crayon crayons",
    ("paintbrush", 36): "paintbrush brush",
    ("artist-palette", 38): "paint paints",
    ("envelope", 34): "letter envelope card note",
    ("scroll", 38): "map scroll",
    ("bell", 34): "bell",
    ("drum", 46): "drum",
    ("guitar", 54): "guitar",
    ("trumpet", 44): "trumpet horn",
    ("flute", 42): "flute whistle",
    ("umbrella", 70): "umbrella",
    ("womans-hat", 36): "hat",
    ("billed-cap", 34): "cap",
    ("scarf", 36): "scarf",
    ("gloves", 32): "glove gloves mittens",
    ("socks", 32): "sock socks",
    ("hiking-boot", 34): "boot boots",
    ("running-shoe", 30): "shoe shoes",
    ("dress", 48): "dress",
    ("t-shirt", 40): "shirt",
    ("backpack", 44): "backpack bag",
    ("basket", 44): "basket",
    ("bucket", 40): "bucket pail",
    ("broom", 56): "broom",
    ("hammer", 36): "hammer tool tools",
    ("ladder", 110): "ladder",
    ("fishing-pole", 60): "fishing-pole fishing",
    ("package", 46): "box boxes chest package",
    ("puzzle-piece", 34): "puzzle",
    ("bricks", 40): "blocks block lego",
    ("yarn", 34): "yarn wool string",
    ("feather", 32): "feather",
    ("fallen-leaf", 34): "leaf leaves",
    ("tulip", 46): "flower flowers tulip",
    ("rose", 46): "rose roses",
    ("sunflower", 62): "sunflower",
    ("seedling", 40): "seed seeds plant sprout",
    ("mushroom", 42): "mushroom mushrooms",
    ("wood", 48): "log wood sticks stick",
    ("rock", 50): "rock rocks stone stones",
    ("nest-with-eggs", 48): "nest",
    ("bone", 32): "bone",
    ("snowflake", 30): "snowflake",
    ("fire", 62): "fire campfire",
    ("tent", 100): "tent camp camping",
    ("playground-slide", 120): "slide",
    ("fountain", 110): "fountain",
    ("spiral-shell", 32): "shell shells seashell",
    ("jack-o-lantern", 50): "pumpkin",
    ("trophy", 48): "trophy prize medal",
    ("telescope", 70): "telescope",
    ("mirror", 80): "mirror",
    ("alarm-clock", 36): "clock",
    ("television", 56): "tv television",
    ("chair", 76): "chair",
    ("christmas-tree", 150): "christmas-tree",
    ("red-paper-lantern", 42): "lantern lanterns",
    ("violin", 52): "violin fiddle",
    ("musical-keyboard", 60): "piano keyboard",
    ("accordion", 44): "accordion",
    ("saxophone", 46): "saxophone",
    ("banjo", 52): "banjo",
    ("maracas", 36): "maracas",
    ("microphone", 36): "microphone",
    ("bowl-with-spoon", 34): "bowl porridge cereal",
    ("hot-beverage", 28): "cup mug cocoa coffee",
    ("jar", 34): "jar jars",
    ("spoon", 34): "spoon",
    ("beans", 28): "bean beans",
    ("coconut", 34): "coconut",
    ("onion", 30): "onion",
    ("potato", 30): "potato potatoes",
    ("tomato", 30): "tomato tomatoes",
    ("ear-of-corn", 38): "corn",
    ("green-salad", 34): "salad",
    ("pancakes", 34): "pancake pancakes",
    ("popcorn", 36): "popcorn",
    ("doughnut", 30): "doughnut doughnuts donut donuts",
    ("peach", 30): "peach peaches",
    ("pineapple", 42): "pineapple",
    ("mango", 30): "mango mangoes",
    ("hamburger", 32): "burger hamburger",
    ("hot-dog", 30): "hot-dog",
    ("spaghetti", 36): "spaghetti pasta",
    ("chestnut", 24): "nut nuts acorn acorns chestnut",
    ("coat", 48): "coat jacket cloak",
    ("glasses", 28): "glasses spectacles",
    ("ribbon", 34): "ribbon",
    ("scissors", 34): "scissors",
    ("thread", 30): "thread",
    ("magnet", 34): "magnet",
    ("microscope", 44): "microscope",
    ("compass", 32): "compass",
    ("anchor", 56): "anchor",
    ("toothbrush", 34): "toothbrush",
    ("soap", 28): "soap",
    ("yo-yo", 32): "yo-yo",
    ("telephone", 34): "phone telephone",
    ("radio", 36): "radio",
    ("camera", 34): "camera",
    ("triangular-flag", 56): "flag",
    ("closed-mailbox-with-raised-flag", 84): "mailbox postbox",
    ("globe-showing-europe-africa", 40): "globe",
    ("crystal-ball", 36): "crystal-ball",
    ("hourglass-done", 34): "hourglass",
    ("nesting-dolls", 40): "nesting-dolls",
    ("game-die", 26): "dice",
    ("skateboard", 34): "skateboard",
    ("roller-skate", 36): "skates roller-skates",
    ("shopping-cart", 76): "trolley shopping-cart",
    ("helicopter", 80): "helicopter",
    ("motorcycle", 80): "motorbike motorcycle",
    ("adhesive-bandage", 28): "bandage plaster",
    ("thermometer", 32): "thermometer",
    ("pill", 22): "medicine pill",
    ("wheel", 46): "wheel",
    ("carousel-horse", 100): "carousel merry-go-round",
}

# Things that are too big for a hand, or stand and hang by themselves.
HEAVY = frozenset(
    "automobile bus delivery-truck locomotive tractor fire-engine airplane rocket sailboat bicycle sled ladder tent "
    "playground-slide fountain fire chair television mirror telescope christmas-tree carousel-horse rock wood "
    "nest-with-eggs jack-o-lantern sunflower pot-of-food kick-scooter musical-keyboard anchor helicopter motorcycle wheel "
    "closed-mailbox-with-raised-flag shopping-cart".split()
)

CLOTHES = frozenset("hiking-boot running-shoe socks gloves scarf dress t-shirt coat glasses".split())

IN_AIR = frozenset(("airplane", "helicopter"))

TREATS = frozenset(("candy", "cookie"))

_PLACES: dict[Place, str] = {
    "forest": "forest woods jungle",
    "park": "park playground zoo",
    "garden": "garden yard backyard flowers-bed",
    "farm": "farm barn field fields",
    "town": "town city village street market shops",
    "road": "road path",
    "beach": "beach sand shore harbor harbour",
    "river": "river lake pond stream creek pool",
    "sea": "sea ocean waves island",
    "mountain": "mountain mountains hill hills",
    "desert": "desert",
    "castle": "castle palace kingdom",
    "school": "school classroom class",
    "kitchen": "kitchen oven stove",
    "bedroom": "bedroom bed",
    "room": "house home room inside door window sofa couch table attic basement hospital library living-room",
    "shop": "shop store bakery supermarket",
    "space": "space moon-trip planet planets",
    "cave": "cave tunnel den burrow",
    "meadow": "meadow grass outside",
}

_UNDERWATER = re.compile(
    r"\b(?:deep in|under|bottom of|below|lived in) the (?:deep |blue |big )*(?:sea|ocean|water)\b", re.IGNORECASE
)

_TIMES: dict[Time, str] = {
    "night": "night moon stars midnight bedtime",
    "evening": "evening sunset dinner supper",
    "morning": "morning sunrise breakfast dawn woke",
    "day": "noon afternoon lunch",
}

_WEATHER: dict[Weather, str] = {
    "rain": "rain rainy rained raining puddle puddles",
    "snow": "snow snowy snowed snowing ice winter snowflakes snowman",
    "storm": "storm thunder lightning stormy",
    "wind": "wind windy breeze",
    "rainbow": "rainbow",
    "sunny": "sun sunny warm sunshine summer",
}

# What is in the air between people.
_MOODS = {
    "red-heart": "love hug hugged hugging hugs kiss kissed",
    "musical-notes": "sang sing singing song songs music danced dance dancing",
    "zzz": "sleep slept sleepy asleep nap",
    "sparkles": "magic magical wish wished spell glowed sparkled",
}

_PLURALS = {
    "mice": "mouse",
    "wolves": "wolf",
    "geese": "goose",
    "fishes": "fish",
    "children": "child",
    "men": "man",
    "women": "woman",
    "elves": "elf",
}

THING_OF = {word: symbol for (symbol, _), words in _THINGS.items() for word in words.split()}

HEIGHT_OF = dict(_THINGS.keys())
PLACE_OF: dict[str, Place] = {word: place for place, words in _PLACES.items() for word in words.split()}

TIME_OF: dict[str, Time] = {word: time for time, words in _TIMES.items() for word in words.split()}

WEATHER_OF: dict[str, Weather] = {word: weather for weather, words in _WEATHER.items() for word in words.split()}

NOUNS = CREATURE_OF.keys() | PERSON_OF.keys() | THING_OF.keys()

MOOD_OF = {word: mood for mood, words in _MOODS.items() for word in words.split()}


def singular(word: str) -> str:
    """A word of the lexicon for its plural; other words as they are."""
    if word in _PLURALS:
        return _PLURALS[word]
    forms = [
        word[: len(word) - len(end)] + instead for end, instead in (("s", ""), ("es", ""), ("ies", "y")) if word.endswith(end)
    ]
    return next((form for form in forms if form in NOUNS), word)


def is_word(word: str) -> bool:
    """Whether the lexicon has a word, in lower case."""
    noun = singular(word)
    return any(noun in words for words in (CREATURE_OF, PERSON_OF, THING_OF, PLACE_OF, TIME_OF, WEATHER_OF, MOOD_OF))


def is_underwater(text: str) -> bool:
    """Whether a text tells of what is in the sea, not beside it."""
    return bool(_UNDERWATER.search(text))
