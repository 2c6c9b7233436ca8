"""The web service: suggestions over HTTP, who may see what, decisions, and a trail that cannot be rewritten."""
