"""What office formats of all makers share: embedded files, equations, symbols, free boxes, LibreOffice."""
