-- +goose Up
-- Rotation of the master key seals statements anew (decision 0017). They stay append-only but for that: a sealed value
-- may become one under another key, of the same length. Everything else in the row stays; that the same is inside, the
-- commitment in the log shows.

DROP TRIGGER statement_no_update;

-- +goose StatementBegin
CREATE TRIGGER statement_append_only BEFORE UPDATE OF school_id, id, leaf_seq ON statement
BEGIN
    SELECT RAISE(ABORT, 'statement is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER statement_only_resealed BEFORE UPDATE ON statement
    WHEN NOT ((NEW.body IS NOT DISTINCT FROM OLD.body OR coalesce(length(NEW.body) = length(OLD.body)
        AND substr(NEW.body, 1, 1) = x'01' AND substr(NEW.body, 1, 5) <> substr(OLD.body, 1, 5), false))
    AND (NEW.salt IS NOT DISTINCT FROM OLD.salt OR coalesce(length(NEW.salt) = length(OLD.salt)
        AND substr(NEW.salt, 1, 1) = x'01' AND substr(NEW.salt, 1, 5) <> substr(OLD.salt, 1, 5), false))
    AND (NEW.private IS NOT DISTINCT FROM OLD.private OR coalesce(length(NEW.private) = length(OLD.private)
        AND substr(NEW.private, 1, 1) = x'01' AND substr(NEW.private, 1, 5) <> substr(OLD.private, 1, 5), false)))
BEGIN
    SELECT RAISE(ABORT, 'statement is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER statement_only_resealed;
DROP TRIGGER statement_append_only;

-- +goose StatementBegin
CREATE TRIGGER statement_no_update BEFORE UPDATE ON statement
BEGIN
    SELECT RAISE(ABORT, 'statement is append-only');
END;
-- +goose StatementEnd
