"""What people and schedules do beside sessions: adopt, declare, release, read quarantine, maintain."""
