-- slipway: phase=expand reversible=yes
-- Until when a request is answering this question: one model call for one question, whatever the number of instances.
ALTER TABLE messages ADD COLUMN answering_until timestamptz;
