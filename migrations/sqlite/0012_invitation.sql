-- +goose Up
-- How staff come in: invitations, the second factor beside a password, and how lately a session has proved itself.
-- Invited names and addresses and the seeds of one-time codes lie sealed.

CREATE TABLE invitation (
    school_id   text NOT NULL REFERENCES school (school_id),
    id          text NOT NULL,
    email_hash  text NOT NULL,
    body        blob NOT NULL,
    role        text NOT NULL CHECK (role IN ('teacher', 'office', 'head', 'dpo')),
    account_id  text,
    secret_hash text NOT NULL,
    invited_by  text NOT NULL,
    invited_at  bigint NOT NULL,
    expires_at  bigint NOT NULL,
    used_at     bigint,
    void_at     bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, secret_hash),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
-- One address has one open invitation: a new one takes the place of the old.
CREATE UNIQUE INDEX invitation_open ON invitation (school_id, email_hash) WHERE used_at IS NULL AND void_at IS NULL;

CREATE TABLE totp (
    school_id    text NOT NULL,
    id           text NOT NULL,
    account_id   text NOT NULL,
    secret       blob NOT NULL,
    made_at      bigint NOT NULL,
    confirmed_at bigint,
    last_step    bigint NOT NULL,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
CREATE INDEX totp_account ON totp (school_id, account_id);

CREATE TABLE recovery_code (
    school_id  text NOT NULL,
    account_id text NOT NULL,
    code_hash  text NOT NULL,
    made_at    bigint NOT NULL,
    used_at    bigint,
    PRIMARY KEY (school_id, account_id, code_hash),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);

ALTER TABLE account ADD COLUMN factor_reset_at bigint;
ALTER TABLE session ADD COLUMN limited boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE session DROP COLUMN limited;
ALTER TABLE account DROP COLUMN factor_reset_at;
DROP TABLE recovery_code;
DROP TABLE totp;
DROP TABLE invitation;
