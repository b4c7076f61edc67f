-- slipway: phase=expand reversible=yes
-- People, and the sessions they are signed in with.
-- Ids are UUID version 7, made by the application: they grow with time, so an index on one is also a keyset.
CREATE TABLE users (
  id uuid PRIMARY KEY,
  handle text NOT NULL CHECK (handle = lower(handle) AND length(handle) BETWEEN 3 AND 32),
  email text NOT NULL CHECK (length(email) <= 254),
  display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 80),
  password_hash text NOT NULL,
  role text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin')),
  preferences jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(preferences) = 'object'),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_handle_key ON users (handle);
-- The address is kept as it was typed; it is found and kept apart without regard to case.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- One row per sign-in. Every refresh token of a sign-in belongs to it, so revoking the row ends the whole family.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);

CREATE TABLE refresh_tokens (
  -- A keyed hash: a copy of the table signs nobody in.
  token_hash bytea PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);
