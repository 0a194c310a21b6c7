"""What the agreements say: fixed texts filled in, as one document in HTML and PDF."""
