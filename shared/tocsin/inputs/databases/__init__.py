"""Databases as the input `sql` asks them: one statement that only reads, ended in time, of a bounded answer."""
