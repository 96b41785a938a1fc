"""The workbench: corpora in, trained and measured models out. Needs the extra `train`; only the command imports it."""
