// Command einverstanden is the whole system in one binary: the API, the app, and the operator's commands. Run it
// without arguments for the list.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/rules/content"
	"einverstanden/backend/school"
	"einverstanden/backend/vault"
)

const usage = `einverstanden: consent to video conferences, for schools

  serve                                answer requests
  demo                                 the demo school on this machine, made when missing
  migrate                              bring the database schema up to date
  school create FILE                   make a school from a JSON file of its settings; makes keys when there are none
  staff invite ROLE EMAIL NAME         print a link by which somebody becomes staff; how the first head comes in
  staff reset [--password] EMAIL       take a lost second factor away, or print a link for a new password
  staff create ROLE EMAIL NAME         add a member of staff, for scripts; the password is read from standard input
  form publish [--in-force DATE] FILE  publish the next version of the consent form
  rules show                           print the pupils' rules that ship, as a file to change and publish
  rules publish [--in-force DATE] FILE publish the next version of the pupils' rules
  keys status                          which keys there are, and how much is sealed with each
  keys add, promote, reseal, retire    the four steps of a rotation, in this order, while servers run
  keys restore FILE                    let a retired key open again, for a backup from its time
  keys complete                        make the key files that a folder from an earlier version lacks
  vapid-keys                           the keys by which push services know us, and how many browsers use each
  vapid-keys add                       a key for browsers that subscribe from now on; the one before it goes on
  vapid-keys retire                    take the older key away, once no browser uses it
  verify [--key KEY] [--checkpoint FILE]... FILE...
                                       check receipts, JSON or PDF, without database and network
  verify --database [--school ID] [--key KEY] [CHECKPOINT-OR-RECEIPT…]
                                       re-read the whole database against its log; needs the keys, writes nothing
  erase list                           list who is marked to be erased, by id
  erase cancel ID                      take a mark away
  erase confirm-clock                  say that the clock is right after it has jumped by more than a day
  bounce                               note what came back: a mail server pipes it in, see EINVERSTANDEN_SMTP_BOUNCES
  code SECRET                          the one-time code of a secret at this moment, for the demo
  openapi                              print the OpenAPI document
  version                              print the version

Settings come from EINVERSTANDEN_* variables; see README.md. With several schools, --school ID says which.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "einverstanden:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		_, err := fmt.Fprint(out, usage)
		return err
	}
	name, rest := args[0], args[1:]
	if len(rest) > 0 && (name == "school" || name == "staff" || name == "form" || name == "rules" || name == "keys") {
		name, rest = name+" "+rest[0], rest[1:]
	}
	switch name {
	case "serve":
		return serve(ctx)
	case "demo":
		return demo(ctx, out)
	case "migrate":
		return migrate(ctx)
	case "school create":
		return createSchool(ctx, rest, out)
	case "staff create":
		return createStaff(ctx, rest, in, out)
	case "staff invite":
		return inviteStaff(ctx, rest, out)
	case "staff reset":
		return resetStaff(ctx, rest, out)
	case "form publish":
		return publishForm(ctx, rest, out)
	case "rules show":
		_, err := out.Write(content.Rules)
		return err
	case "rules publish":
		return publishRules(ctx, rest, out)
	case "keys status", "keys add", "keys promote", "keys reseal", "keys retire", "keys restore", "keys complete":
		return keyCommand(ctx, name, rest, out)
	case "vapid-keys":
		return vapidKeys(ctx, rest, out)
	case "verify":
		if slices.Contains(rest, "--database") {
			return verifyDatabase(ctx, rest, out)
		}
		return verify(ctx, rest, out)
	case "erase":
		return erase(ctx, rest, out)
	case "bounce":
		return bounce(ctx, in)
	case "code":
		return printCode(rest, out)
	case "openapi":
		return printDocument(out)
	case "version":
		_, err := fmt.Fprintln(out, app.Version)
		return err
	}
	return unknown(name)
}

func unknown(name string) error {
	return fmt.Errorf("there is no command %q; run einverstanden without arguments for the list", name)
}

func serve(ctx context.Context) error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	log := app.NewLog(c.LogLevel)
	web, err := app.Web()
	if err != nil {
		return err
	}
	a, err := app.Open(c, log)
	if err != nil {
		return err
	}
	if err := a.Prepare(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	return a.Serve(ctx, web, nil)
}

func demo(ctx context.Context, out io.Writer) error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	web, err := app.Web()
	if err != nil {
		return err
	}
	a, err := app.OpenDemo(ctx, c, app.NewLog(c.LogLevel))
	if err != nil {
		return err
	}
	if err := a.WelcomeToDemo(ctx, out); err != nil {
		return errors.Join(err, a.Close())
	}
	return a.Serve(ctx, web, nil)
}

func migrate(ctx context.Context) error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	return app.Migrate(ctx, c)
}

// printCode stands in for an authenticator app where there is none at hand.
func printCode(args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("code needs the secret, as demo.json has it")
	}
	code, err := app.Code(args[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, code)
	return err
}

func printDocument(out io.Writer) error {
	document, err := app.Document()
	if err != nil {
		return err
	}
	_, err = out.Write(document)
	return err
}

// withApp opens the program for one command, which may run beside a server.
func withApp(ctx context.Context, do func(*app.App) error) error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	a, err := app.Open(c, app.NewLog(c.LogLevel))
	if err != nil {
		return err
	}
	err = a.CheckSchema(ctx)
	if err == nil {
		err = do(a)
	}
	return errors.Join(err, a.Close())
}

// inSchool runs a command in the named school, or in the only one there is.
func inSchool(ctx context.Context, wanted string, do func(context.Context, *app.App) error) error {
	return withApp(ctx, func(a *app.App) error {
		if wanted != "" {
			return do(db.InSchool(ctx, id.School(wanted)), a)
		}
		schools, err := a.DB.Schools(ctx)
		if err != nil {
			return err
		}
		if len(schools) != 1 {
			return fmt.Errorf("there are %d schools here; say which with --school ID", len(schools))
		}
		return do(db.InSchool(ctx, schools[0]), a)
	})
}

func createSchool(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("school create needs the path of a JSON file with the school's settings")
	}
	content, err := os.ReadFile(args[0]) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	var settings school.Settings
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	if c.Keys == "" {
		return errNoKeyFolder
	}
	if _, err := vault.Open(c.Keys); errors.Is(err, vault.ErrNoKeys) {
		if err := vault.Create(c.Keys); err != nil {
			return err
		}
	}
	if c.Database == "" {
		if err := app.Migrate(ctx, c); err != nil {
			return err
		}
	}
	return withApp(ctx, func(a *app.App) error {
		made, err := a.CreateSchool(ctx, settings)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, made)
		return err
	})
}

func createStaff(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("staff create", flag.ContinueOnError)
	wanted := flags.String("school", "", "id of the school")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 3 {
		return errors.New("staff create needs a role (teacher, office, head, dpo), an e-mail address and a name")
	}
	password, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return inSchool(ctx, *wanted, func(ctx context.Context, a *app.App) error {
		made, err := a.Accounts.CreateStaff(ctx, account.NewStaff{
			Role: authz.Role(flags.Arg(0)), Email: flags.Arg(1), Name: flags.Arg(2), Password: strings.TrimRight(password, "\r\n"), Language: "de",
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, made)
		return err
	})
}
