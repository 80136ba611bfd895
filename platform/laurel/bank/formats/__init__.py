"""Questions from outside and to outside, one module for each format."""
