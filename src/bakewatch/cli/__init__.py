"""The command line: parse, call, render. Heavy imports wait until a command needs them."""
