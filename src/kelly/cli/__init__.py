"""The command line: thin; it parses, calls the public API and prints."""
