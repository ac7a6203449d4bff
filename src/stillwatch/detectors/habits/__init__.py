"""How an account is used: rhythm, places, growth. Weak alone, and capped together."""
