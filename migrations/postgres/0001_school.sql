-- +goose Up
-- secure_tenant_table lets the runtime role see only rows of the school that its transaction has entered.
-- The setting is '' and not NULL after a commit, hence nullif.
-- +goose StatementBegin
CREATE FUNCTION secure_tenant_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (school_id = nullif(current_setting(''app.school_id'', true), ''''))'
        ' WITH CHECK (school_id = nullif(current_setting(''app.school_id'', true), ''''))', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO einverstanden_rt', name);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd

-- Schools and the people in them. Names, birth dates and contacts lie sealed in profile (package vault);
-- *_hash columns are keyed blind indexes for exact matches.

-- directory finds the school of something that is known before anyone is signed in: it is outside row level
-- security, holds keyed hashes and no personal data.
CREATE TABLE directory (
    kind      text NOT NULL CHECK (kind IN ('school', 'demo', 'letter', 'staff_email')),
    key_hash  text NOT NULL,
    school_id text NOT NULL,
    PRIMARY KEY (kind, key_hash, school_id)
);

CREATE TABLE school (
    school_id         text NOT NULL PRIMARY KEY,
    name              text NOT NULL,
    address           text NOT NULL,
    officers          bytea NOT NULL,
    authority_name    text NOT NULL,
    authority_contact text NOT NULL,
    conference_system text NOT NULL,
    processor_name    text NOT NULL,
    user_rules        text NOT NULL,
    retention_years   bigint NOT NULL CHECK (retention_years BETWEEN 0 AND 30),
    lesson_basis      text NOT NULL CHECK (lesson_basis IN ('consent', 'statute')),
    room_hosts        text NOT NULL,
    zone              text NOT NULL,
    created_at        bigint NOT NULL
);

CREATE TABLE class (
    school_id   text NOT NULL REFERENCES school (school_id),
    id          text NOT NULL,
    name        text NOT NULL,
    school_year text NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, school_year, name)
);

CREATE TABLE pupil (
    school_id   text NOT NULL REFERENCES school (school_id),
    id          text NOT NULL,
    import_hash text,
    profile     bytea NOT NULL,
    erased_at   bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, import_hash)
);

-- One unbroken time of a pupil at the school.
CREATE TABLE schooling (
    school_id text NOT NULL,
    id        text NOT NULL,
    pupil_id  text NOT NULL,
    from_on   text NOT NULL,
    until_on  text,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX schooling_pupil ON schooling (school_id, pupil_id);

CREATE TABLE membership (
    school_id text NOT NULL,
    id        text NOT NULL,
    pupil_id  text NOT NULL,
    class_id  text NOT NULL,
    from_on   text NOT NULL,
    until_on  text,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id),
    FOREIGN KEY (school_id, class_id) REFERENCES class (school_id, id)
);
CREATE INDEX membership_class ON membership (school_id, class_id);
CREATE INDEX membership_pupil ON membership (school_id, pupil_id);

CREATE TABLE guardian (
    school_id  text NOT NULL REFERENCES school (school_id),
    id         text NOT NULL,
    profile    bytea NOT NULL,
    email_hash text,
    language   text NOT NULL,
    erased_at  bigint,
    PRIMARY KEY (school_id, id)
);
CREATE INDEX guardian_email ON guardian (school_id, email_hash);

CREATE TABLE guardianship (
    school_id   text NOT NULL,
    id          text NOT NULL,
    guardian_id text NOT NULL,
    pupil_id    text NOT NULL,
    relation    text NOT NULL CHECK (relation IN ('mother', 'father', 'parent', 'legal_guardian', 'other')),
    custody     text NOT NULL CHECK (custody IN ('joint', 'sole', 'none')),
    basis       text NOT NULL CHECK (basis IN ('assumed', 'declared', 'confirmed')),
    prevented   boolean NOT NULL,
    disputed    boolean NOT NULL,
    protected   boolean NOT NULL,
    from_on     text NOT NULL,
    until_on    text,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, guardian_id, pupil_id, from_on),
    FOREIGN KEY (school_id, guardian_id) REFERENCES guardian (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX guardianship_pupil ON guardianship (school_id, pupil_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON directory TO einverstanden_rt;
SELECT secure_tenant_table('school');
SELECT secure_tenant_table('class');
SELECT secure_tenant_table('pupil');
SELECT secure_tenant_table('schooling');
SELECT secure_tenant_table('membership');
SELECT secure_tenant_table('guardian');
SELECT secure_tenant_table('guardianship');

-- Readiness compares versions under the runtime role.
GRANT SELECT ON goose_db_version TO einverstanden_rt;

-- +goose Down
DROP TABLE guardianship;
DROP TABLE guardian;
DROP TABLE membership;
DROP TABLE schooling;
DROP TABLE pupil;
DROP TABLE class;
DROP TABLE school;
DROP TABLE directory;
DROP FUNCTION refuse_change();
DROP FUNCTION secure_tenant_table(text);
