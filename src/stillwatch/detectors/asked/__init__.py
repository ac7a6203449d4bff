"""What prompts ask for, by families of phrases: elicitation of reasoning, prompt factories, judging."""
