"""Story ideas: openings that a reader can use as they are, dealt out a hand at a time."""

IDEAS = {
    "The blue car": "Once upon a time, there was a boy named Tom. One day, Tom found a little blue car under the old tree.",
    "A lost kitten": "One rainy day, Mia heard a soft sound behind the door. It was a small gray kitten, and it was all alone.",
    "The brave bird": "Once there was a little bird who was afraid to fly. All her friends could fly high in the sky.",
    "The secret box": "Ben and Lily were playing in the garden. Under a big rock, they saw a shiny red box.",
    "The moon's friend": "Every night, Sara said hello to the moon from her window. One night, the moon said hello back.",
    "The sharing bear": "In a green forest, there lived a bear who had a big pot of honey. He did not want to share it.",
    "The snowy day": "When Anna woke up, everything was white. She put on her warm boots and ran outside to build a snowman.",
    "The new friend": "Sam was new at school, and he did not know anyone. Then a girl with a yellow hat sat down next to him.",
    "Grandma's cake": "Lucy and her grandma wanted to bake a big cake. But in the kitchen, all the sugar was gone.",
    "The sleepy train": "There was once a little red train who was always sleepy. One morning, he would not leave the station.",
    "The dragon's cold": "High on a hill lived a small green dragon. One day he had a cold, and smoke came when he sneezed.",
    "The lost tooth": "Max had a loose tooth. He bit into an apple, and suddenly the tooth was gone. Where could it be?",
    "The paper boat": "Lily made a boat out of paper. She put it on the river, and a tiny frog jumped in.",
    "The big storm": "The wind was loud, and the lights went out. Jack and his sister sat under the table with a candle.",
    "The lonely robot": "In an old shop stood a little robot. Nobody had talked to him for a long, long time.",
    "The wise owl": "Every animal in the forest went to the owl when they were sad. But one day, the owl was sad himself.",
    "A fish's wish": "Deep in the sea lived a small fish named Finn. He had one wish: he wanted to see the sun.",
    "The garden door": "Behind the flowers, Emma found a tiny door. It was so small that only a mouse could fit through it.",
    "The kind giant": "A giant lived near a small village. Everyone was afraid of him, but he only wanted to help.",
    "The runaway ball": "Tim kicked his ball very hard. It rolled down the hill, past the shop and into the big dark park.",
    "The magic pencil": "Zoe got a pencil for her birthday. She drew a butterfly, and the butterfly flew away.",
    "The missing star": "One night, Leo counted the stars above his house. One of them was missing.",
    "The little cook": "Ella wanted to make soup for her sick mom. She had never cooked before, but she had a plan.",
    "The noisy duck": "There was a duck who was very loud. The other animals on the farm could not sleep.",
}
HAND = 6


def deal(first: str | None = None) -> list[str]:
    """The names of the next hand of ideas behind the one that begins with `first`, round and round; else the first one."""
    names = list(IDEAS)
    start = names.index(first) + HAND if first in IDEAS else 0
    return [names[(start + number) % len(names)] for number in range(HAND)]
