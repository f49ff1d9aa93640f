"""How the PDF engine sees pages: characters and shapes with their places, reading order, paragraphs, running lines."""
