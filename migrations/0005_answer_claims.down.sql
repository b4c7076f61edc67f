ALTER TABLE messages DROP COLUMN answering_until;
