"""Known-bad twins of what we built: the negative controls in which the loss must be seen."""
