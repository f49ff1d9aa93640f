"""What text formats are made of: blocks, inline markup to be taken off, drawn tables, JSON's keys and values."""
