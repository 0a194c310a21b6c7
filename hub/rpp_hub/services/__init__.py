"""What a person can do: one class for each noun, each method one act."""
