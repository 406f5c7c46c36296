// Command conference plays a BigBlueButton for the browser tests, on a free port of the loopback address. It prints its
// address and its secret as one line once it answers, and ends when its standard input does.
//
// Each line of the input changes the open rooms: "camera" turns on the camera of everybody who may, "stranger" lets
// somebody in whom nobody has, "leave" sends everybody out, "record" records, and "fail KIND" fails from now on in that
// way of bbbtest, "fail" alone no longer. A line is answered by "ok".
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"einverstanden/backend/conference/bbbtest"
)

const secret = "unter-uns-1234567890" //nolint:gosec // opens nothing but the room that the tests play

func main() {
	if err := play(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "conference:", err)
		os.Exit(1)
	}
}

func play(in io.Reader, out io.Writer) error {
	double := bbbtest.New(secret)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: double, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Shutdown
	if _, err := fmt.Fprintf(out, "http://%s %s\n", listener.Addr(), secret); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := change(double, strings.Fields(lines.Text())); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, "ok"); err != nil {
			return err
		}
	}
	return errors.Join(lines.Err(), server.Shutdown(context.Background()))
}

func change(double *bbbtest.Double, words []string) error {
	if len(words) > 0 && words[0] == "fail" {
		double.Fail(bbbtest.Failure(strings.Join(words[1:], "")))
		return nil
	}
	changes := map[string]func(*bbbtest.Room){
		"camera": func(r *bbbtest.Room) {
			for _, a := range r.Attendees {
				r.Viewer(a.UserID, true)
			}
		},
		"stranger": func(r *bbbtest.Room) {
			r.Attendees = append(r.Attendees, bbbtest.Attendee{UserID: "w_1", Name: "Gast"})
		},
		"leave":  func(r *bbbtest.Room) { r.Attendees = nil },
		"record": func(r *bbbtest.Room) { r.Recording = true },
	}
	if len(words) != 1 || changes[words[0]] == nil {
		return fmt.Errorf("unknown line %q", strings.Join(words, " "))
	}
	for _, room := range double.Rooms() {
		double.Change(room.ID, changes[words[0]])
	}
	return nil
}
