-- slipway: phase=expand reversible=yes
-- The models that can answer. The built-in ones come with the schema, so that a new database can hold a conversation.
CREATE TABLE models (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  name text NOT NULL,
  description text NOT NULL,
  provider text NOT NULL CHECK (provider IN ('builtin', 'openai')),
  enabled boolean NOT NULL DEFAULT true,
  position integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO models (id, name, description, provider, position) VALUES
  ('slipway-guide', 'Slipway Guide', 'Answers simple questions about Slipway. Built in; needs no network.', 'builtin', 1),
  ('slipway-echo', 'Slipway Echo', 'Says back what it was told. Built in; for trying things out.', 'builtin', 2);

-- The model a person switched to; empty means the first enabled one. The column is new and empty, so nothing is scanned.
-- squawk-ignore adding-foreign-key-constraint
ALTER TABLE users ADD COLUMN active_model_id text REFERENCES models (id) ON DELETE SET NULL;
