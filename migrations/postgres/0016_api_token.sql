-- +goose Up
-- API tokens of the school's own programs. Of a token its keyed hash is kept; what it is called lies sealed.

CREATE TABLE api_token (
    school_id    text NOT NULL REFERENCES school (school_id),
    id           text NOT NULL,
    token_hash   text NOT NULL,
    body         bytea NOT NULL,
    scopes       text NOT NULL,
    made_by      text NOT NULL,
    made_at      bigint NOT NULL,
    expires_at   bigint NOT NULL,
    last_used_at bigint,
    revoked_at   bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, token_hash),
    FOREIGN KEY (school_id, made_by) REFERENCES account (school_id, id)
);
CREATE INDEX api_token_maker ON api_token (school_id, made_by);

SELECT secure_tenant_table('api_token');

-- +goose Down
DROP TABLE api_token;
