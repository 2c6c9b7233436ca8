"""Who calls, and what they may: roles, keys, tokens and logins."""
