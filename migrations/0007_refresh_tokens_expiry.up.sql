-- slipway: phase=expand reversible=yes no-transaction lock_timeout=10min
-- The purge finds expired tokens by it.
CREATE INDEX CONCURRENTLY refresh_tokens_expires_at_idx ON refresh_tokens (expires_at);
