"""What the Google Drive source is made of: the client, the listings, and the content of files."""
