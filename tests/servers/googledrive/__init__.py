"""An emulator of Google Drive v3 that speaks HTTP: a world, its change logs, errors and faults. Standard library only."""
