"""Networks that spandrel does not have, written from their papers."""
