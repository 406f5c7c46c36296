package school

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

const (
	defaultRetentionYears = 5 // full calendar years after leaving (VO-DV I NRW § 9)
	longestRetention      = 30
	longestSetting        = 500 // bytes of any one text
)

// The legal bases that lessons may have.
const (
	ByConsent = "consent"
	ByStatute = "statute"
)

// Create makes a school and gives its id. Lesson basis, zone, Land and retention have defaults (consent,
// Europe/Berlin, Nordrhein-Westfalen, five years). An SQLite file that holds a school already answers with SQLiteHoldsOne.
func (s *Service) Create(ctx context.Context, settings Settings) (id.School, error) {
	settings = settings.withDefaults()
	if err := settings.check(); err != nil {
		return "", err
	}
	made := id.New[id.School]()
	err := s.db.Write(db.InSchool(ctx, made), func(tx *db.Tx) error {
		row, err := s.sealSettings(tx, settings)
		if err != nil {
			return err
		}
		row.CreatedAt = tx.Now.UnixMicro()
		if err := insertSchool(tx, row); err != nil {
			if tx.Dialect() == db.SQLite && db.Violated(err, db.ErrAppendOnly) {
				return fault.Wrap(fault.SQLiteHoldsOne, err)
			}
			return err
		}
		if err := listInDirectory(tx); err != nil {
			return err
		}
		return recordSchool(tx, audit.System, audit.SchoolCreated)
	})
	if err != nil {
		return "", err
	}
	return made, nil
}

// UpdateSettings replaces all settings of the context's school. by is an account id, or audit.System.
func (s *Service) UpdateSettings(ctx context.Context, by string, settings Settings) error {
	if err := settings.check(); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error { return s.saveSettings(tx, by, settings) })
}

func (s *Service) saveSettings(tx *db.Tx, by string, settings Settings) error {
	row, err := s.sealSettings(tx, settings)
	if err != nil {
		return err
	}
	if err := updateSchool(tx, row); err != nil {
		return err
	}
	return recordSchool(tx, by, audit.SchoolChanged)
}

// MeetingSettings are those that say how the school's meetings are held.
type MeetingSettings struct {
	LessonBasis  string
	DefaultRoom  string
	HidesNumbers bool
}

// SetMeetings changes the settings of meetings and leaves all others. Meetings that are planned keep their legal basis.
func (s *Service) SetMeetings(ctx context.Context, actor authz.Actor, change MeetingSettings) error {
	if !actor.May(authz.SetUpMeetings) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := lockSchool(tx); err != nil {
			return err
		}
		settings, err := s.Settings(tx)
		if err != nil {
			return err
		}
		settings.LessonBasis, settings.HidesNumbers = change.LessonBasis, change.HidesNumbers
		settings.DefaultRoom = strings.Join(strings.Fields(change.DefaultRoom), " ")
		if err := settings.check(); err != nil {
			return err
		}
		return s.saveSettings(tx, string(actor.Account), settings)
	})
}

// SetRoomHosts says which hosts the links of IServ rooms may lead to.
func (s *Service) SetRoomHosts(tx *db.Tx, by string, hosts []string) error {
	settings, err := s.SettingsInClear(tx)
	if err != nil {
		return err
	}
	settings.RoomHosts = hosts
	if err := settings.check(); err != nil {
		return err
	}
	if err := updateRoomHosts(tx, settings); err != nil {
		return err
	}
	return recordSchool(tx, by, audit.SchoolChanged)
}

func recordSchool(tx *db.Tx, by string, action audit.Action) error {
	return audit.Record(tx, audit.Entry{Actor: by, Action: action, SubjectKind: "school", SubjectID: string(tx.School)})
}

// rowKey is what a transaction remembers the school's row by.
type rowKey struct{}

// SettingsInClear are those of the transaction's school without its officers, who lie sealed.
func (s *Service) SettingsInClear(tx *db.Tx) (Settings, error) {
	row, err := schoolOf(tx)
	if err != nil {
		return Settings{}, err
	}
	return row.settings()
}

func schoolOf(tx *db.Tx) (schoolRow, error) {
	return db.OnceAGroup(tx, rowKey{}, func() (schoolRow, error) { return findSchool(tx) })
}

// Settings are those of the transaction's school.
func (s *Service) Settings(tx *db.Tx) (Settings, error) {
	row, err := schoolOf(tx)
	if err != nil {
		return Settings{}, err
	}
	settings, err := row.settings()
	if err != nil {
		return Settings{}, err
	}
	return settings, s.vault.OpenJSON(place(tx, "school", "officers", string(tx.School)), row.Officers, &settings.Officers)
}

func (r schoolRow) settings() (Settings, error) {
	settings := Settings{
		ID: r.SchoolID, Name: r.Name, Address: r.Address, AuthorityName: r.AuthorityName,
		AuthorityContact: r.AuthorityContact, ConferenceSystem: r.ConferenceSystem, ProcessorName: r.ProcessorName,
		UserRules: r.UserRules, RetentionYears: int(r.RetentionYears), LessonBasis: r.LessonBasis, Zone: r.Zone,
		DefaultRoom: r.DefaultRoom, HidesNumbers: r.HidesNumbers,
		Land: r.Land,
	}
	if r.Vacations != nil {
		if err := json.Unmarshal([]byte(*r.Vacations), &settings.Vacations); err != nil {
			return Settings{}, err
		}
	}
	return settings, json.Unmarshal([]byte(r.RoomHosts), &settings.RoomHosts)
}

// hosts are the settings' room hosts as they are kept.
func (s Settings) hosts() (string, error) {
	hosts, err := json.Marshal(append([]string{}, s.RoomHosts...))
	return string(hosts), err
}

func (s *Service) sealSettings(tx *db.Tx, settings Settings) (row schoolRow, err error) {
	hosts, err := settings.hosts()
	if err != nil {
		return row, err
	}
	row = schoolRow{
		SchoolID: tx.School, Name: settings.Name, Address: settings.Address, AuthorityName: settings.AuthorityName,
		AuthorityContact: settings.AuthorityContact, ConferenceSystem: settings.ConferenceSystem,
		ProcessorName: settings.ProcessorName, UserRules: settings.UserRules,
		RetentionYears: int64(settings.RetentionYears), LessonBasis: settings.LessonBasis,
		RoomHosts: hosts, Zone: settings.Zone, DefaultRoom: settings.DefaultRoom, HidesNumbers: settings.HidesNumbers, Land: settings.Land,
	}
	row.Officers, err = s.vault.SealJSON(place(tx, "school", "officers", string(tx.School)), settings.Officers)
	return row, err
}

// Today is the civil day of the transaction's instant in the school's zone.
func (s *Service) Today(tx *db.Tx) (calendar.Date, error) {
	settings, err := s.SettingsInClear(tx)
	return settings.Today(tx.Now), err
}

// Today is the civil day of the instant in the school's zone.
func (s Settings) Today(now time.Time) calendar.Date { return calendar.Today(now, s.Location()) }

func (s Settings) withDefaults() Settings {
	if s.LessonBasis == "" {
		s.LessonBasis = ByConsent
	}
	if s.Zone == "" {
		s.Zone = DefaultZone
	}
	if s.Land == "" {
		s.Land = DefaultLand
	}
	if s.RetentionYears == 0 {
		s.RetentionYears = defaultRetentionYears
	}
	return s
}

// check reports every field that cannot be, by its JSON name.
func (s Settings) check() error {
	bad := fault.New(fault.InvalidInput)
	if strings.TrimSpace(s.Name) == "" {
		bad.WithField("name", fault.FieldMissing, nil)
	}
	for _, text := range []struct{ field, value string }{
		{"name", s.Name}, {"address", s.Address}, {"authorityName", s.AuthorityName},
		{"authorityContact", s.AuthorityContact}, {"conferenceSystem", s.ConferenceSystem},
		{"processorName", s.ProcessorName}, {"userRules", s.UserRules}, {"defaultRoom", s.DefaultRoom},
	} {
		if len(text.value) > longestSetting {
			bad.WithField(text.field, fault.FieldTooLong, nil)
		}
	}
	if s.LessonBasis != ByConsent && s.LessonBasis != ByStatute {
		bad.WithField("lessonBasis", fault.FieldInvalid, nil)
	}
	if s.RetentionYears < 0 || s.RetentionYears > longestRetention {
		bad.WithField("retentionYears", fault.FieldInvalid, nil)
	}
	// "" and "Local" would be the server's zone.
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" || s.Zone == "Local" {
		bad.WithField("zone", fault.FieldInvalid, nil)
	}
	if !s.Land.IsKnown() {
		bad.WithField("land", fault.FieldInvalid, nil)
	}
	for _, host := range s.RoomHosts {
		if !isHost(host) {
			bad.WithField("roomHosts", fault.FieldInvalid, nil)
			break
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// isHost holds for a bare host name, as in meet.schule.example.
func isHost(text string) bool {
	link, err := url.Parse("https://" + text)
	return err == nil && text != "" && link.Hostname() == text && link.User == nil
}
