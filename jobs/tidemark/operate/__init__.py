"""Operations outside the usual sessions: adopt, declare, release, read the quarantine, maintain tables."""
