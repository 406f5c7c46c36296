-- +goose Up
-- Sign-in by a school's own OpenID provider (IServ and others): how it is reached, and which of its people is who here.
-- Issuer, client secret and mapping lie sealed, and so does what the provider says of a person.

CREATE TABLE oidc_issuer (
    school_id   text PRIMARY KEY REFERENCES school (school_id),
    issuer_hash text NOT NULL,
    body        bytea NOT NULL,
    seen        bytea,
    changed_at  bigint NOT NULL
);

-- A link without an account waits for the office. subject_hash is of one issuer's subject in one school.
CREATE TABLE oidc_link (
    school_id    text NOT NULL,
    id           text NOT NULL,
    issuer_hash  text NOT NULL,
    subject_hash text NOT NULL,
    body         bytea NOT NULL,
    account_id   text,
    person_id    text,
    seen_at      bigint NOT NULL,
    linked_at    bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, subject_hash),
    FOREIGN KEY (school_id) REFERENCES oidc_issuer (school_id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
CREATE INDEX oidc_link_account ON oidc_link (school_id, account_id);

SELECT secure_tenant_table('oidc_issuer');
SELECT secure_tenant_table('oidc_link');

-- +goose Down
DROP TABLE oidc_link;
DROP TABLE oidc_issuer;
