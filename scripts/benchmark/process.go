package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"

	"einverstanden/backend/db"
)

const (
	starts   = 7
	restTime = 65 * time.Second // after the last request: memory goes back when half a minute was quiet
)

// measureProcess starts the built program with the database of a school, and looks at its memory when it rests.
func measureProcess(ctx context.Context, folder, binary string) ([]figure, error) {
	w, err := newWorld(ctx, db.Options{File: filepath.Join(folder, "data", "einverstanden.db")}, folder)
	if err != nil {
		return nil, err
	}
	var times []float64
	for range starts {
		took, stop, err := w.start(ctx, binary)
		if err != nil {
			return nil, err
		}
		times = append(times, took.Seconds())
		if _, err := stop(); err != nil {
			return nil, err
		}
	}
	resident, own, err := w.rest(ctx, binary)
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "start to ready with an existing database", value: middle(times), unit: "s", limit: 0.5, atMost: true},
		{name: "idle memory (VmRSS)", value: resident, unit: "MB", limit: 40, atMost: true},
		{name: "of it not from files (RssAnon)", value: own, unit: "MB"},
	}, nil
}

// start runs the program until stop, which gives the memory it had, and tells how long it took to be ready.
func (w *world) start(ctx context.Context, binary string) (took time.Duration, stop func() (memory, error), err error) {
	command := exec.CommandContext(ctx, binary, "serve") //nolint:gosec // the caller names the program
	command.Env = append(os.Environ(), "EINVERSTANDEN_ADDR="+w.config.Addr, "EINVERSTANDEN_DATA="+filepath.Join(w.config.Data, "data"),
		"EINVERSTANDEN_KEYS="+w.config.Keys, "EINVERSTANDEN_LOG_LEVEL=warn")
	command.Stderr = os.Stderr
	began := time.Now()
	if err := command.Start(); err != nil {
		return 0, nil, err
	}
	stop = func() (memory, error) {
		used, err := memoryOf(command.Process.Pid)
		return used, errors.Join(err, command.Process.Signal(syscall.SIGTERM), command.Wait())
	}
	for time.Since(began) < 10*time.Second {
		if status, _, err := fasthttp.Get(nil, "http://"+w.config.Addr+"/readyz"); err == nil && status == fasthttp.StatusOK {
			return time.Since(began), stop, nil
		}
		time.Sleep(time.Millisecond)
	}
	_, err = stop()
	return 0, nil, errors.Join(errors.New("the program was not ready within 10 s"), err)
}

// rest gives the memory after every guardian of the first class and the teacher have looked in.
func (w *world) rest(ctx context.Context, binary string) (resident, own float64, err error) {
	_, stop, err := w.start(ctx, binary)
	if err != nil {
		return 0, 0, err
	}
	client := &fasthttp.HostClient{Addr: w.config.Addr}
	_, err = w.get(client, w.rosterPath(), w.token)
	for _, g := range w.guardians[:classSize] {
		if err == nil {
			_, err = w.get(client, "/api/v1/children", g.token)
		}
	}
	client.CloseIdleConnections()
	time.Sleep(restTime)
	used, stopped := stop()
	return used.resident, used.own, errors.Join(err, stopped)
}

// memory of a process, in MB.
type memory struct{ resident, own float64 }

var memoryPattern = regexp.MustCompile(`(?m)^(VmRSS|RssAnon):\s+(\d+) kB`)

func memoryOf(process int) (memory, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process)) //nolint:gosec // the number of a process
	if err != nil {
		return memory{}, err
	}
	values := map[string]float64{}
	for _, found := range memoryPattern.FindAllStringSubmatch(string(status), -1) {
		kB, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			return memory{}, err
		}
		values[found[1]] = kB * 1024 / 1e6
	}
	if len(values) != 2 {
		return memory{}, errors.New("the kernel does not tell a process's memory")
	}
	return memory{values["VmRSS"], values["RssAnon"]}, nil
}
