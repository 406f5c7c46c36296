package idempotency

import (
	"database/sql"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type row struct {
	SchoolID  id.School
	Actor     string
	Route     string
	Key       string
	BodyHash  string
	Made      string
	CreatedAt int64
}

func (row) TableName() string { return "idempotency" }

func find(tx *db.Tx, key Key) (*row, error) {
	const text = "SELECT body_hash, made FROM idempotency WHERE school_id = ? AND actor = ? AND route = ? AND key = ?"
	rows, err := db.Query(tx, func(rows *sql.Rows) (r row, err error) {
		return r, rows.Scan(&r.BodyHash, &r.Made)
	}, text, tx.School, key.Actor, key.Route, key.Value)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func insert(tx *db.Tx, key Key, hash, made string) error {
	_, err := db.Exec(tx, "INSERT INTO idempotency (school_id, actor, route, key, body_hash, made, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		tx.School, key.Actor, key.Route, key.Value, hash, made, tx.Now.UnixMicro())
	return err
}

func deleteOf(tx *db.Tx, actor string) error {
	return tx.G().Where("school_id = ? AND actor = ?", tx.School, actor).Delete(&row{}).Error
}
