-- +goose Up
-- How pupils come in: a card with a picture PIN each, and one link a class. Of keys and PINs hashes alone are kept.

CREATE TABLE pupil_card (
    school_id text NOT NULL,
    id        text NOT NULL,
    pupil_id  text NOT NULL,
    key_hash  text NOT NULL,
    pin_hash  text NOT NULL,
    failures  bigint NOT NULL,
    issued_by text NOT NULL,
    issued_at bigint NOT NULL,
    void_at   bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, key_hash),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
-- One pupil has one open card: a new one takes the place of the old.
CREATE UNIQUE INDEX pupil_card_open ON pupil_card (school_id, pupil_id) WHERE void_at IS NULL;

-- Wrong PINs by card and device: they slow that device down, and together they block the card.
CREATE TABLE pin_failure (
    school_id   text NOT NULL,
    card_id     text NOT NULL,
    device_hash text NOT NULL,
    failures    bigint NOT NULL,
    last_at     bigint NOT NULL,
    PRIMARY KEY (school_id, card_id, device_hash),
    FOREIGN KEY (school_id, card_id) REFERENCES pupil_card (school_id, id)
);

CREATE TABLE class_link (
    school_id  text NOT NULL,
    class_id   text NOT NULL,
    key_hash   text NOT NULL,
    made_by    text NOT NULL,
    made_at    bigint NOT NULL,
    open_until bigint,
    PRIMARY KEY (school_id, class_id),
    UNIQUE (school_id, key_hash),
    FOREIGN KEY (school_id, class_id) REFERENCES class (school_id, id)
);

-- +goose Down
DROP TABLE class_link;
DROP TABLE pin_failure;
DROP TABLE pupil_card;
