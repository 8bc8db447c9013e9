"""Messages: what a notification says, by Alertmanager's templates (its functions, its data, its default texts)."""
