"""What has no standard: shards, health, receivers, the notification log, versions, history."""
