"""What people read, before any channel renders it."""
