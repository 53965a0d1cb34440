"""The cbe commands, one module each; they read arguments, call one function and print.  cli.py lists them."""
