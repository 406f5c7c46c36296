-- +goose Up
-- The pupils' rules by version, who has read which, and the one-time addresses that lead into a room.

CREATE TABLE rules_version (
    school_id    text NOT NULL REFERENCES school (school_id),
    id           text NOT NULL,
    number       bigint NOT NULL,
    in_force_on  text NOT NULL,
    content      text NOT NULL,
    published_at bigint NOT NULL,
    published_by text NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, number)
);

-- What a pupil has read in one half of a school year, and whether it needed an explanation. Attempts are not kept.
CREATE TABLE acknowledgement (
    school_id      text NOT NULL,
    id             text NOT NULL,
    pupil_id       text NOT NULL,
    version_id     text NOT NULL,
    half_year_from text NOT NULL,
    rule_keys      text NOT NULL,
    explain        boolean NOT NULL,
    at             bigint NOT NULL,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id),
    FOREIGN KEY (school_id, version_id) REFERENCES rules_version (school_id, id)
);
CREATE INDEX acknowledgement_pupil ON acknowledgement (school_id, half_year_from, pupil_id);

-- Of the address a hash alone is kept; used_at is when its pupil went in by it.
CREATE TABLE join_address (
    school_id  text NOT NULL,
    token_hash text NOT NULL,
    meeting_id text NOT NULL,
    pupil_id   text NOT NULL,
    session_id text NOT NULL,
    made_at    bigint NOT NULL,
    used_at    bigint,
    PRIMARY KEY (school_id, token_hash),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX join_address_meeting ON join_address (school_id, meeting_id, pupil_id);
CREATE INDEX join_address_pupil ON join_address (school_id, pupil_id);

CREATE TRIGGER rules_version_append_only BEFORE UPDATE OR DELETE ON rules_version FOR EACH ROW EXECUTE FUNCTION refuse_change();

SELECT secure_tenant_table('rules_version');
SELECT secure_tenant_table('acknowledgement');
SELECT secure_tenant_table('join_address');

-- +goose Down
DROP TABLE join_address;
DROP TABLE acknowledgement;
DROP TABLE rules_version;
