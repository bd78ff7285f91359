"""The nouns: frozen values that are read, stored or sent. See docs/glossary.md."""
