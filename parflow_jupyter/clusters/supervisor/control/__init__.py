"""Starting and ending controllers and engines, one operation each."""
