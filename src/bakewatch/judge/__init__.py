"""Values in, decision and reason out: what was seen, what it weighs, what may be done, what is concluded."""
