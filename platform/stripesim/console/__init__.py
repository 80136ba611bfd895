"""The control page `/sandbox`: every object, event and delivery, and a button for each fault. For people; it needs no script."""
