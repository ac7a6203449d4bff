"""What is asked: a grammar of its own in five languages, or real prompts from a folder.

Every function that words the calls of a persona takes the same three things and says only what else it takes:
``stage`` (randomness and, where it has a shelf for them, real prompts), ``cast`` (the accounts) and ``calls``
(their arrivals). It gives one text a call, in the order of the calls.
"""
