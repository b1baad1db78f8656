"""The only SQL: what is stored, in which transaction, under which key."""
