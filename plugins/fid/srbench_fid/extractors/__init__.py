"""Networks with published weights, each with its own way to prepare an image."""
