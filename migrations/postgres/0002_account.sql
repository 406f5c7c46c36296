-- +goose Up
-- Accounts, their roles and persons, sessions, letters, and the counters that slow guessing down.

CREATE TABLE account (
    school_id     text NOT NULL REFERENCES school (school_id),
    id            text NOT NULL,
    profile       bytea NOT NULL,
    email_hash    text,
    password_hash text,
    language      text NOT NULL,
    created_at    bigint NOT NULL,
    disabled_at   bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, email_hash)
);

CREATE TABLE account_role (
    school_id  text NOT NULL,
    account_id text NOT NULL,
    role       text NOT NULL CHECK (role IN ('guardian', 'pupil', 'teacher', 'office', 'head', 'dpo')),
    PRIMARY KEY (school_id, account_id, role),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);

CREATE TABLE account_person (
    school_id   text NOT NULL,
    account_id  text NOT NULL,
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id   text NOT NULL,
    PRIMARY KEY (school_id, account_id, person_kind, person_id),
    UNIQUE (school_id, person_kind, person_id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);

CREATE TABLE session (
    school_id    text NOT NULL,
    id           text NOT NULL,
    account_id   text NOT NULL,
    role         text NOT NULL,
    person_kind  text,
    person_id    text,
    refresh_hash text NOT NULL,
    rotated_hash text,
    rotated_at   bigint,
    device_hash  text NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL,
    ended_at     bigint,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
CREATE INDEX session_account ON session (school_id, account_id);

-- Which classes are given to a teacher.
CREATE TABLE teaching (
    school_id  text NOT NULL,
    account_id text NOT NULL,
    class_id   text NOT NULL,
    PRIMARY KEY (school_id, account_id, class_id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id),
    FOREIGN KEY (school_id, class_id) REFERENCES class (school_id, id)
);
CREATE INDEX teaching_class ON teaching (school_id, class_id);

CREATE TABLE letter (
    school_id   text NOT NULL REFERENCES school (school_id),
    id          text NOT NULL,
    letter_no   text NOT NULL,
    secret_hash text NOT NULL,
    purpose     text NOT NULL,
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id   text NOT NULL,
    issued_by   text NOT NULL,
    issued_at   bigint NOT NULL,
    expires_at  bigint NOT NULL,
    used_at     bigint,
    void_at     bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, letter_no)
);
CREATE INDEX letter_person ON letter (school_id, person_kind, person_id);

-- Failed tries by keyed hash of what was tried, in hours. Outside row level security: it must count before a
-- school is known.
CREATE TABLE attempt (
    key_hash  text NOT NULL,
    hour      bigint NOT NULL,
    failures  bigint NOT NULL,
    PRIMARY KEY (key_hash, hour)
);

SELECT secure_tenant_table('account');
SELECT secure_tenant_table('account_role');
SELECT secure_tenant_table('account_person');
SELECT secure_tenant_table('session');
SELECT secure_tenant_table('teaching');
SELECT secure_tenant_table('letter');
GRANT SELECT, INSERT, UPDATE, DELETE ON attempt TO einverstanden_rt;

-- +goose Down
DROP TABLE attempt;
DROP TABLE letter;
DROP TABLE teaching;
DROP TABLE session;
DROP TABLE account_person;
DROP TABLE account_role;
DROP TABLE account;
