-- +goose Up
-- Forms, decisions and what else bears on a pupil's standing. Decisions and texts are append-only.

CREATE TABLE form (
    school_id text NOT NULL REFERENCES school (school_id),
    id        text NOT NULL,
    purpose   text NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, purpose)
);

CREATE TABLE form_version (
    school_id    text NOT NULL,
    id           text NOT NULL,
    form_id      text NOT NULL,
    number       bigint NOT NULL,
    edition      bigint NOT NULL,
    change       text NOT NULL CHECK (change IN ('material', 'editorial')),
    policy       text NOT NULL CHECK (policy IN ('one', 'all')),
    ages         text NOT NULL,
    in_force_on  text NOT NULL,
    published_at bigint NOT NULL,
    published_by text NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, form_id, number),
    FOREIGN KEY (school_id, form_id) REFERENCES form (school_id, id)
);

CREATE TABLE form_text (
    school_id   text NOT NULL,
    version_id  text NOT NULL,
    language    text NOT NULL,
    title       text NOT NULL,
    blocks      text NOT NULL,
    text_sha256 text NOT NULL,
    PRIMARY KEY (school_id, version_id, language),
    FOREIGN KEY (school_id, version_id) REFERENCES form_version (school_id, id)
);

CREATE TABLE decision (
    school_id       text NOT NULL,
    id              text NOT NULL,
    leaf_seq        bigint NOT NULL,
    statement_id    text NOT NULL,
    purpose         text NOT NULL,
    pupil_id        text NOT NULL,
    person_kind     text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id       text NOT NULL,
    guardianship_id text,
    schooling_id    text,
    kind            text NOT NULL CHECK (kind IN ('answer', 'withdrawal')),
    answer          text CHECK (answer IN ('video', 'audio', 'none')),
    extent          text CHECK (extent IN ('picture', 'all')),
    version_id      text,
    edition         bigint,
    language        text,
    text_sha256     text,
    relation        text CHECK (relation IN ('together', 'alone', 'legal_guardian')),
    channel         text NOT NULL CHECK (channel IN ('app', 'paper', 'phone', 'in_person', 'teacher')),
    recorded_by     text,
    second_by       text,
    signature_kind  text CHECK (signature_kind IN ('drawn', 'typed')),
    signature       bytea,
    place           bytea,
    after_id        text,
    received_at     bigint NOT NULL,
    recorded_at     bigint NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, leaf_seq),
    CHECK ((kind = 'answer' AND answer IS NOT NULL AND extent IS NULL AND edition IS NOT NULL)
        OR (kind = 'withdrawal' AND extent IS NOT NULL AND answer IS NULL)),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id),
    FOREIGN KEY (school_id, guardianship_id) REFERENCES guardianship (school_id, id),
    FOREIGN KEY (school_id, schooling_id) REFERENCES schooling (school_id, id),
    FOREIGN KEY (school_id, version_id) REFERENCES form_version (school_id, id)
);
CREATE INDEX decision_pupil ON decision (school_id, pupil_id, leaf_seq);

CREATE TABLE invalidation (
    school_id   text NOT NULL,
    decision_id text NOT NULL,
    leaf_seq    bigint NOT NULL,
    reason      text NOT NULL CHECK (reason IN ('wrong_person', 'wrong_answer', 'not_authentic')),
    author      text NOT NULL,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (school_id, decision_id),
    FOREIGN KEY (school_id, decision_id) REFERENCES decision (school_id, id)
);

-- The office confirms a withdrawal that a teacher received.
CREATE TABLE confirmation (
    school_id    text NOT NULL,
    decision_id  text NOT NULL,
    confirmed_by text NOT NULL,
    confirmed_at bigint NOT NULL,
    PRIMARY KEY (school_id, decision_id),
    FOREIGN KEY (school_id, decision_id) REFERENCES decision (school_id, id)
);

-- What would raise a mode waits here for a second member of staff.
CREATE TABLE proposal (
    school_id   text NOT NULL,
    id          text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('recorded_yes', 'guardianship_change')),
    pupil_id    text NOT NULL,
    body        bytea NOT NULL,
    proposed_by text NOT NULL,
    proposed_at bigint NOT NULL,
    closed_by   text,
    closed_at   bigint,
    outcome     text CHECK (outcome IN ('confirmed', 'rejected')),
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX proposal_open ON proposal (school_id, closed_at);

CREATE TABLE ask (
    school_id   text NOT NULL,
    id          text NOT NULL,
    purpose     text NOT NULL,
    pupil_id    text NOT NULL,
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id   text NOT NULL,
    edition     bigint NOT NULL,
    channel     text NOT NULL CHECK (channel IN ('letter', 'mail', 'push', 'slip')),
    asked_at    bigint NOT NULL,
    due_on      text NOT NULL,
    closed_at   bigint,
    closed_by   text,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, purpose, pupil_id, person_kind, person_id, edition),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);

CREATE TABLE sanction (
    school_id  text NOT NULL,
    id         text NOT NULL,
    leaf_seq   bigint NOT NULL,
    pupil_id   text NOT NULL,
    measure    text NOT NULL CHECK (measure IN ('audio_only', 'excluded')),
    rule_key   text NOT NULL,
    from_on    text NOT NULL,
    until_on   text NOT NULL,
    decided_by text NOT NULL,
    decided_at bigint NOT NULL,
    ended_by   text,
    ended_at   bigint,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX sanction_pupil ON sanction (school_id, pupil_id);

CREATE TABLE hold (
    school_id  text NOT NULL,
    id         text NOT NULL,
    leaf_seq   bigint NOT NULL,
    pupil_id   text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('restriction', 'objection')),
    placed_by  text NOT NULL,
    placed_at  bigint NOT NULL,
    settled_by text,
    settled_at bigint,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX hold_pupil ON hold (school_id, pupil_id);

CREATE TRIGGER form_text_append_only BEFORE UPDATE OR DELETE ON form_text FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER decision_append_only BEFORE UPDATE ON decision FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER invalidation_append_only BEFORE UPDATE ON invalidation FOR EACH ROW EXECUTE FUNCTION refuse_change();

SELECT secure_tenant_table('form');
SELECT secure_tenant_table('form_version');
SELECT secure_tenant_table('form_text');
SELECT secure_tenant_table('decision');
SELECT secure_tenant_table('invalidation');
SELECT secure_tenant_table('confirmation');
SELECT secure_tenant_table('proposal');
SELECT secure_tenant_table('ask');
SELECT secure_tenant_table('sanction');
SELECT secure_tenant_table('hold');

-- +goose Down
DROP TABLE hold;
DROP TABLE sanction;
DROP TABLE ask;
DROP TABLE proposal;
DROP TABLE confirmation;
DROP TABLE invalidation;
DROP TABLE decision;
DROP TABLE form_text;
DROP TABLE form_version;
DROP TABLE form;
