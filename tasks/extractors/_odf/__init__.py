"""What OpenDocument files share: package, styles, text, numbers, objects."""
