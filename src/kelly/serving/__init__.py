"""The service over HTTP: what the command line does, for programs that call over the network."""
