"""The command line's commands: each is a function that returns what is printed."""
