"""What Office Open XML files share, and the parts of Word and PowerPoint files."""
