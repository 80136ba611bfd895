"""When two people must agree: what one asks for, another agrees to, word for word and within a day. It knows nothing of what is done."""
