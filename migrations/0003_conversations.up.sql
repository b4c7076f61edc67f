-- slipway: phase=expand reversible=yes
CREATE TABLE conversations (
  id uuid PRIMARY KEY,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  model_id text NOT NULL REFERENCES models (id),
  -- The number of the newest message. Taking the next number locks this row, so that the messages of one conversation
  -- become visible in the order of their numbers, and a reader that continues after number n misses none.
  last_seq bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE conversation_members (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'member')),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- In this order it is also the keyset of "my conversations, newest first".
  PRIMARY KEY (user_id, conversation_id)
);
CREATE INDEX conversation_members_conversation_id_idx ON conversation_members (conversation_id);
