-- slipway: phase=expand reversible=yes
CREATE TABLE messages (
  id uuid NOT NULL UNIQUE,
  conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  seq bigint NOT NULL,
  role text NOT NULL CHECK (role IN ('user', 'assistant')),
  author_id uuid REFERENCES users (id) ON DELETE SET NULL,
  model_id text REFERENCES models (id),
  content text NOT NULL CHECK (length(content) <= 100000),
  -- partial: the model stopped in the middle of its answer.
  status text NOT NULL DEFAULT 'complete' CHECK (status IN ('complete', 'partial')),
  -- The message an answer answers. Unique, so that a repeated request cannot answer twice.
  reply_to uuid UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
  idempotency_key text CHECK (length(idempotency_key) BETWEEN 1 AND 255),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- The keyset of a conversation's messages.
  PRIMARY KEY (conversation_id, seq)
);
CREATE UNIQUE INDEX messages_idempotency_key ON messages (conversation_id, author_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX messages_author_id_idx ON messages (author_id);
