"""Story ideas: first words that a reader can take over as they are."""

IDEAS = {
    "The blue car": "Once upon a time, there was a boy named Tom. One day, Tom found a little blue car under the old tree.",
    "A lost kitten": "One rainy day, Mia heard a soft sound behind the door. It was a small gray kitten, and it was all alone.",
    "The brave bird": "Once there was a little bird who was afraid to fly. All her friends could fly high in the sky.",
    "The secret box": "Ben and Lily were playing in the garden. Under a big rock, they saw a shiny red box.",
    "The moon's friend": "Every night, Sara said hello to the moon from her window. One night, the moon said hello back.",
    "The sharing bear": "In a green forest, there lived a bear who had a big pot of honey. He did not want to share it.",
}
