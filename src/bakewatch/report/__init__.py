"""The report of a case: `compose` projects a timeline, the renderers tell it in a language.

    Timeline --compose--> Report --tell--> Document --markdown, html--> text
                             \\--encode--> JSON, the published form

Nothing here judges or asks the time, and nothing a timeline holds can act where it is shown (see `inert`).
"""
