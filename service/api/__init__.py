"""The API: HTTP in, rooms of the service behind; DIGG's REST API-profil 2.0 and RFC 9457."""
