"""What text formats are made of: inline markup to be taken off, drawn tables, JSON's keys and values."""
