ALTER TABLE users DROP COLUMN active_model_id;
DROP TABLE models;
