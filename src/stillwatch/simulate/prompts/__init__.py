"""What is asked: a grammar of its own in five languages, or real prompts from a folder."""
