/** Makes the bookkeeping tables. Tables of an earlier version get what they lack. */
export const bookkeepingTables = `
CREATE TABLE IF NOT EXISTS slipway_migrations (
  name text PRIMARY KEY,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  duration_ms integer NOT NULL,
  release text NOT NULL
);
CREATE TABLE IF NOT EXISTS slipway_migration_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  direction text NOT NULL,
  checksum text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  duration_ms integer NOT NULL,
  release text NOT NULL
);
ALTER TABLE slipway_migrations
  ADD COLUMN IF NOT EXISTS phase text CHECK (phase IN ('expand', 'migrate', 'contract')),
  ADD COLUMN IF NOT EXISTS reversible boolean NOT NULL DEFAULT true,
  ADD COLUMN IF NOT EXISTS down_checksum text;
ALTER TABLE slipway_migration_history
  DROP CONSTRAINT IF EXISTS slipway_migration_history_direction_check,
  ADD CONSTRAINT slipway_migration_history_direction_check
    CHECK (direction IN ('up', 'down', 'baseline', 'repair', 'begin')),
  ADD COLUMN IF NOT EXISTS reason text;`;
