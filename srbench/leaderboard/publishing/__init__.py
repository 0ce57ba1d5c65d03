"""A board among others, for readers who were not there: its badge, its cover, its changes, and what others add."""
