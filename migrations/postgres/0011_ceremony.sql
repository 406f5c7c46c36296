-- +goose Up
-- What is begun before it can be finished (WebAuthn ceremonies, device links), the handles by which passkeys find
-- their account, and what a session tells of its device and of how somebody came into it.

-- Found by the keyed hash of a secret, before any school is known: outside row level security. Each row is used once,
-- and deleted when used or expired.
CREATE TABLE ceremony (
    key_hash   text NOT NULL,
    state      bytea NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (key_hash)
);
CREATE INDEX ceremony_expiry ON ceremony (expires_at);

-- The user handle of an account (W3C WebAuthn 3, section 5.4.3): random, the same for all its passkeys.
CREATE TABLE passkey_user (
    school_id   text NOT NULL,
    account_id  text NOT NULL,
    handle_hash text NOT NULL,
    handle      bytea NOT NULL,
    PRIMARY KEY (school_id, account_id),
    UNIQUE (school_id, handle_hash),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);

-- The directory takes another kind. A list of kinds would have to be made anew for each; the kinds are package
-- account's.
ALTER TABLE directory RENAME TO directory_before;
CREATE TABLE directory (
    kind      text NOT NULL CHECK (kind <> ''),
    key_hash  text NOT NULL,
    school_id text NOT NULL,
    PRIMARY KEY (kind, key_hash, school_id)
);
INSERT INTO directory (kind, key_hash, school_id) SELECT kind, key_hash, school_id FROM directory_before;
DROP TABLE directory_before;

-- proved_at: when the person last proved who they are; a linked device takes it over. 0: with the sign-in.
ALTER TABLE session ADD COLUMN way text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN proved_at bigint NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN shared boolean NOT NULL DEFAULT false;
ALTER TABLE session ADD COLUMN device_kind text NOT NULL DEFAULT 'unknown';
ALTER TABLE session ADD COLUMN browser text NOT NULL DEFAULT 'unknown';
CREATE INDEX session_device ON session (school_id, device_hash);

SELECT secure_tenant_table('passkey_user');
GRANT SELECT, INSERT, UPDATE, DELETE ON directory TO einverstanden_rt;
GRANT SELECT, INSERT, DELETE ON ceremony TO einverstanden_rt;

-- +goose Down
DELETE FROM directory WHERE kind = 'passkey_handle';
DROP INDEX session_device;
ALTER TABLE session DROP COLUMN browser;
ALTER TABLE session DROP COLUMN device_kind;
ALTER TABLE session DROP COLUMN shared;
ALTER TABLE session DROP COLUMN proved_at;
ALTER TABLE session DROP COLUMN way;
DROP TABLE passkey_user;
DROP TABLE ceremony;
