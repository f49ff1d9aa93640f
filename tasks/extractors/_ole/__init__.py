"""OLE compound files and the objects in them."""
