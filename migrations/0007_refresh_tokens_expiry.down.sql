-- slipway: no-transaction lock_timeout=10min
DROP INDEX CONCURRENTLY refresh_tokens_expires_at_idx;
