"""Where state lives: models, transactions that carry their audit event, content by hash."""
