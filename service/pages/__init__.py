"""The web pages: a room a noun, rendered on the server; everything works without JavaScript."""
