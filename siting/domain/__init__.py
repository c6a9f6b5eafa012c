"""The frozen nouns that pass between the rooms, and the arithmetic of each clause kind, once."""
