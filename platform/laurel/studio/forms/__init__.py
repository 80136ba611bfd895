"""What authors and marketers send, one module for each noun."""
