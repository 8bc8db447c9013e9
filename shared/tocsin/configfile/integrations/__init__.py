"""What users write for one integration: a module for each kind, named as its keys are (`slack_configs`)."""
