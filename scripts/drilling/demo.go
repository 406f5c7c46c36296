package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"

	"einverstanden/backend/account"
	"einverstanden/backend/id"
)

const accessCookie = "__Host-einv_access"

// demo is a running demo school, and who is signed in to it.
type demo struct {
	address  string
	process  *exec.Cmd
	known    signIns
	places   byte   // addresses of this machine that have guessed
	guardian string // access tokens, once enter has come back
	office   string
}

// signIns is what demo.json tells.
type signIns struct {
	Accounts struct {
		Guardian letterSignIn   `json:"guardian"`
		Office   passwordSignIn `json:"office"`
	} `json:"accounts"`
	IDs struct {
		Class string `json:"class"`
		Pupil string `json:"pupil"`
	} `json:"ids"`
}

type letterSignIn struct {
	LetterNo  string `json:"letterNo"`
	Secret    string `json:"secret"`
	BirthDate string `json:"birthDate"`
}

type passwordSignIn struct {
	Email      string `json:"email"`
	Password   string `json:"password"`
	TOTP       string `json:"totp,omitempty"`
	TOTPSecret string `json:"totpSecret,omitempty"` // never sent
}

func startDemo(ctx context.Context, binary, folder string) (*demo, error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return nil, err
	}
	d := &demo{address: fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)}
	if err := listener.Close(); err != nil {
		return nil, err
	}
	d.process = exec.CommandContext(ctx, binary, "demo") //nolint:gosec // the caller names the program
	d.process.Env = append(os.Environ(), "EINVERSTANDEN_ADDR="+d.address, "EINVERSTANDEN_DATA="+folder, "EINVERSTANDEN_LOG_LEVEL=error")
	if err := d.process.Start(); err != nil {
		return nil, err
	}
	if err := d.await(folder); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return d, nil
}

func (d *demo) stop() error {
	return errors.Join(d.process.Process.Signal(syscall.SIGTERM), d.process.Wait())
}

// await waits until the school is ready, and reads who can sign in.
func (d *demo) await(folder string) error {
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		status, _, err := fasthttp.Get(nil, "http://"+d.address+"/readyz")
		if err == nil && status == fasthttp.StatusOK {
			break
		}
		if time.Since(began) > time.Minute {
			return errors.New("the demo was not ready within a minute")
		}
	}
	content, err := os.ReadFile(filepath.Join(folder, "demo.json")) //nolint:gosec // our own folder
	if err != nil {
		return err
	}
	return json.Unmarshal(content, &d.known)
}

// enter signs the guardian and the office in.
func (d *demo) enter() (err error) {
	if d.guardian, err = d.signIn("letter", d.known.Accounts.Guardian); err != nil {
		return err
	}
	return d.enterOffice()
}

const codeStep = 30 * time.Second // one-time codes count once

func (d *demo) enterOffice() error {
	office := d.known.Accounts.Office
	secret, err := account.ParseTOTPSecret(office.TOTPSecret)
	if err != nil {
		return err
	}
	if office.TOTP, err = secret.Code(time.Now()); err != nil {
		return err
	}
	office.TOTPSecret = ""
	d.office, err = d.signIn("password", office)
	return err
}

func (d *demo) signIn(way string, proof any) (token string, err error) {
	client := d.client()
	defer client.CloseIdleConnections()
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	if err := d.fill(request, call{"POST", "/session/" + way, proof, ""}); err != nil {
		return "", err
	}
	if err := client.Do(request, response); err != nil {
		return "", err
	}
	if response.StatusCode() != fasthttp.StatusOK {
		return "", fmt.Errorf("sign-in by %s got %d: %s", way, response.StatusCode(), response.Body())
	}
	var cookie fasthttp.Cookie
	cookie.SetKey(accessCookie)
	if !response.Header.Cookie(&cookie) {
		return "", errors.New("sign-in gave no token")
	}
	return string(cookie.Value()), nil
}

// clientAt is a client at another address of this machine.
func (d *demo) clientAt(ip net.IP) *fasthttp.HostClient {
	client := d.client()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: ip}}
	client.Dial = func(address string) (net.Conn, error) { return dialer.Dial("tcp4", address) }
	return client
}

func (d *demo) client() *fasthttp.HostClient {
	return &fasthttp.HostClient{Addr: d.address, MaxConns: 1, MaxIdemponentCallAttempts: 1}
}

// call is one request to the API.
type call struct {
	method, path string
	body         any
	token        string
}

func (d *demo) fill(request *fasthttp.Request, c call) error {
	request.SetRequestURI("http://" + d.address + "/api/v1" + c.path)
	request.Header.SetMethod(c.method)
	request.Header.Set("Origin", "http://"+d.address)
	request.Header.Set("X-App", "1")
	if c.token != "" {
		request.Header.SetCookie(accessCookie, c.token)
	}
	if c.body == nil {
		return nil
	}
	content, err := json.Marshal(c.body)
	if err != nil {
		return err
	}
	request.Header.SetContentType("application/json")
	request.Header.Set("Idempotency-Key", string(id.New[id.Decision]()))
	request.SetBody(content)
	return nil
}

// do sends the call and gives its status; 0 when there was no answer.
func (d *demo) do(client *fasthttp.HostClient, c call) (status int, took time.Duration, err error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	if err := d.fill(request, c); err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := client.Do(request, response); err != nil {
		return 0, time.Since(began), nil // a broken connection is an outcome
	}
	return response.StatusCode(), time.Since(began), nil
}
