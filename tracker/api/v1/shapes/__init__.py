"""What the API is asked and answers, a file per noun: strict, closed, and every field with its meaning and an example."""
