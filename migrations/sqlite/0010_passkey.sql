-- +goose Up
-- Passkeys of accounts (W3C WebAuthn). Credential id and public key lie sealed; the keyed hash finds a credential.

CREATE TABLE passkey (
    school_id       text NOT NULL,
    id              text NOT NULL,
    account_id      text NOT NULL,
    credential_hash text NOT NULL,
    body            blob NOT NULL,
    created_at      bigint NOT NULL,
    used_at         bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, credential_hash),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
CREATE INDEX passkey_account ON passkey (school_id, account_id);

-- +goose Down
DROP TABLE passkey;
