-- slipway: phase=expand reversible=yes
-- A keyed hash of who used a token: the same client may repeat a refresh whose answer it has lost.
ALTER TABLE refresh_tokens ADD COLUMN used_by bytea;
