"""The node `mem4d_viewer`: what mem4d publishes, in the browser."""
