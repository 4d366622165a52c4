"""How results look: as text and HTML, as a table, as a picture."""
