-- +goose Up
-- Browsers that take Web Push. Endpoint and keys lie sealed: whoever has them can write to that browser. A browser has
-- one row in a school, whoever is signed in there.

CREATE TABLE push_subscription (
    school_id      text NOT NULL,
    id             text NOT NULL,
    account_id     text NOT NULL,
    session_id     text NOT NULL,
    endpoint_hash  text NOT NULL,
    body           blob NOT NULL,
    vapid_key_id   text NOT NULL,
    language       text NOT NULL,
    proof_hash     text,
    created_at     bigint NOT NULL,
    seen_at        bigint NOT NULL,
    active_at      bigint,
    opened_at      bigint,
    ok_at          bigint,
    errors         bigint NOT NULL,
    first_error_at bigint,
    last_error     text,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, endpoint_hash),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id),
    FOREIGN KEY (school_id, session_id) REFERENCES session (school_id, id)
);
CREATE INDEX push_subscription_account ON push_subscription (school_id, account_id);
CREATE INDEX push_subscription_session ON push_subscription (school_id, session_id);
CREATE INDEX push_subscription_proof ON push_subscription (school_id, proof_hash) WHERE proof_hash IS NOT NULL;

-- What a browser was told about, once for each event. The id is the link in the message; it outlives the subscription,
-- so that a message can still be opened after signing in again.
CREATE TABLE push_message (
    school_id       text NOT NULL,
    id              text NOT NULL,
    account_id      text NOT NULL,
    subscription_id text NOT NULL,
    event           text NOT NULL,
    kind            text NOT NULL,
    path            text NOT NULL,
    state           text NOT NULL,
    made_at         bigint NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, event, subscription_id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
CREATE INDEX push_message_account ON push_message (school_id, account_id);
CREATE INDEX push_message_made ON push_message (school_id, made_at);

-- +goose Down
DROP TABLE push_message;
DROP TABLE push_subscription;
