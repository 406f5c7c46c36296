package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/conference/bbbtest"
	"einverstanden/backend/db"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
)

const (
	openRooms    = 100
	peopleInRoom = 30
	presenceFor  = 30 * time.Second
	presenceStep = 5 * time.Second
)

// measurePresence opens a hundred rooms with thirty people each on a conference server and counts its calls while the
// program follows who is in.
func measurePresence(ctx context.Context, folder string) (figures []figure, err error) {
	const secret = "messung"
	double := bbbtest.New(secret)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: double, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	defer func() { err = errors.Join(err, server.Close()) }()

	options := db.Options{File: filepath.Join(folder, "base.db")}
	w, err := newWorld(ctx, options, folder)
	if err != nil {
		return nil, err
	}
	w.config.PrivateHosts = []string{listener.Addr().String()}
	if err := w.openRooms(ctx, options, "http://"+listener.Addr().String(), secret); err != nil {
		return nil, err
	}
	for _, room := range double.Rooms() {
		double.Change(room.ID, func(r *bbbtest.Room) {
			for i := range peopleInRoom {
				r.Attendees = append(r.Attendees, bbbtest.Attendee{UserID: fmt.Sprintf("w_%d", i), Name: "Gast"})
			}
		})
	}
	before := double.Calls("")
	stop, err := w.serve(options)
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
	case <-time.After(presenceFor):
	}
	calls := float64(double.Calls("") - before)
	if err := errors.Join(ctx.Err(), stop()); err != nil {
		return nil, err
	}
	if calls == 0 {
		return nil, errors.New("nobody asked who is in")
	}
	return []figure{{
		name: "calls in 5 s for who is in 100 rooms", value: calls / float64(presenceFor/presenceStep), unit: "", limit: 1, atMost: true,
	}}, nil
}

func (w *world) openRooms(ctx context.Context, options db.Options, address, secret string) (err error) {
	a, err := w.open(options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	ctx = db.InSchool(ctx, w.school)
	head := authz.Actor{School: w.school, Account: w.teacher.Account, Role: authz.Head}
	if err := a.Rooms.SetServer(ctx, head, address, secret, conference.TeacherOnly); err != nil {
		return err
	}
	for range openRooms {
		planned, err := a.Meetings.Plan(ctx, w.teacher, meeting.Plan{
			Title: "Mathematik", Kind: participation.Lesson, Class: w.class, Length: 90 * time.Minute,
		})
		if err != nil {
			return err
		}
		if _, err := a.Rooms.Open(ctx, w.teacher, "Lehrkraft", planned.ID); err != nil {
			return err
		}
	}
	return nil
}
