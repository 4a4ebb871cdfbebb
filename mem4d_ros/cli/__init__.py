"""The `mem4d` command."""
