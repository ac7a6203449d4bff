"""The shape of the work: how prompts and answers relate to each other, never what they say."""
