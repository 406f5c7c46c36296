package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// right says what an operation answers to whom. The cells stand in the order of everybody: a status for all objects,
// or one for each of the places own/other/foreign/unknown.
type right struct {
	call  func(w *world, at place, role authz.Role) call
	cells string
}

// call is a request on its way: the path below the base, and the body of what is not a GET.
type call struct {
	path string
	body any
	raw  []byte // in place of body: a file
}

// place is where the object lies that a call is about.
type place int

const (
	own     place = iota // the caller's own class or child
	other                // of the same school, but another class and family
	foreign              // of another school; PostgreSQL alone holds several
	unknown              // nowhere
)

var everybody = []authz.Role{authz.Nobody, authz.Guardian, authz.Pupil, authz.Teacher, authz.Office, authz.Head, authz.DPO, authz.Program}

// nobodysLink is the cells of a link that is not one of ours, whoever opens it.
const nobodysLink = "404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404 403"

// rights is the whole matrix, written down a second time on purpose: it must not be derived from the table that it
// checks. Columns: nobody, guardian, pupil, teacher, office, head, dpo, program.
var rights = map[string]right{
	"getEntry": {at("/entry"), "200 200 200 200 200 200 200 200"},
	"getText":  {schoolText, "200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404"},

	"signInWithLetter":     {wrongLetter, "401 401 401 401 401 401 401 403"},
	"disownLetter":         {wrongDisowning, "401 401 401 401 401 401 401 403"},
	"signInWithPassword":   {wrongPassword, "401 401 401 401 401 401 401 403"},
	"refreshSession":       {with("/session/refresh", nil), "401 200 200 200 200 200 200 403"},
	"listDevices":          {at("/devices"), "401 200 200 200 200 200 200 403"},
	"endDevice":            {ownDevice, "401 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 403"},
	"endOtherDevices":      {at("/devices"), "401 204 204 204 204 204 204 403"},
	"makeDeviceLink":       {with("/session/device-links", nil), "401 201 403 403 403 403 403 403"},
	"signInWithDeviceLink": {with("/session/device-link", object{"code": "0000-0001"}), "401 401 401 401 401 401 401 403"},

	"getPasskeyChallenge": {with("/session/passkey/challenge", nil), "200 200 200 200 200 200 200 403"},
	"signInWithPasskey":   {with("/session/passkey", noAssertion), "401 401 401 401 401 401 401 403"},
	"beginPasskey":        {with("/session/passkey/registration", nil), "401 200 200 200 200 200 200 403"},
	"addPasskey":          {with("/passkeys", noAttestation), "401 422 422 422 422 422 422 403"},
	"removePasskey":       {ownPasskey, "401 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 403"},

	"signOut":        {at("/session"), "401 204 204 204 204 204 204 403"},
	"getMe":          {at("/me"), "401 200 200 200 200 200 200 403"},
	"chooseLanguage": {with("/me/language", object{"language": "en"}), "401 204 204 204 204 204 204 403"},

	"getSecondFactor":    {at("/account/second-factor"), "401 403 403 200 200 200 200 403"},
	"startTotp":          {with("/account/totp", object{}), "401 403 403 200 200 200 200 403"},
	"confirmTotp":        {startedTOTP, "401 403 403 200 200 200 200 403"},
	"renewRecoveryCodes": {with("/account/recovery-codes", object{}), "401 403 403 200 200 200 200 403"},
	"changePassword":     {samePassword, "401 403 403 200 200 200 200 403"},
	"reauthenticate":     {ownPassword, "401 403 403 204 204 204 204 403"},

	"invite":           {newInvitation, "401 403 403 403 201 201 403 403"},
	"listInvitations":  {at("/invitations"), "401 403 403 403 200 200 403 403"},
	"voidInvitation":   {invitation, "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"readInvitation":   {with("/session/invitation/preview", object{"secret": "x.y"}), "401 401 401 401 401 401 401 403"},
	"redeemInvitation": {with("/session/invitation", object{"secret": "x.y", "password": "kupfer-Lampe-41-wiese"}), "401 401 401 401 401 401 401 403"},

	"listAccounts":      {at("/accounts"), "401 403 403 403 403 200 403 403"},
	"setRole":           {anAccount("/role", object{"role": "office"}), "401 403 403 403 403 204/204/404/404 403 403"},
	"disableAccount":    {anAccount("/disable", object{}), "401 403 403 403 403 204/204/404/404 403 403"},
	"enableAccount":     {anAccount("/enable", object{}), "401 403 403 403 403 204/204/404/404 403 403"},
	"resetSecondFactor": {anAccount("/second-factor/reset", object{}), "401 403 403 403 403 204/204/404/404 403 403"},
	"makePasswordLink":  {anAccount("/password-link", object{}), "401 403 403 403 403 201/201/404/404 403 403"},

	"startOidc":       {oidcStart, "303 303 303 303 303 303 303 303"},
	"finishOidc":      {at("/session/oidc/callback?state=x&code=x"), "303 303 303 303 303 303 303 303"},
	"proveOidcFactor": {with("/session/oidc/factor", object{"totp": "000000"}), "401 401 401 401 401 401 401 403"},
	"getOidc":         {at("/oidc"), "401 403 403 403 403 200 403 403"},
	"setOidc":         {oidcSettings, "401 403 403 403 403 204 403 403"},
	"tryOidc":         {oidcSetUp("/oidc/try"), "401 403 403 403 403 200 403 403"},
	"removeOidc":      {oidcSetUp("/oidc"), "401 403 403 403 403 204 403 403"},
	"listOidcLinks":   {at("/oidc/links"), "401 403 403 403 200 200 403 403"},
	"linkOidc":        {oidcLink(object{}), "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"unlinkOidc":      {oidcLink(nil), "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},

	"listChildren": {at("/children"), "401 200 200 403 403 403 403 403"},
	"getConsent":   {child("/consent", nil), "401 200/404/404/404 200/404/404/404 403 403 403 403 403"},
	"decide":       {child("/decisions", no), "401 201/404/404/404 201/404/404/404 403 403 403 403 403"},
	"withdraw":     {child("/withdrawals", object{"extent": "all"}), "401 200/404/404/404 200/404/404/404 403 403 403 403 403"},
	"getReceipt":   {receipt(""), "401 200/404/404/404 200/404/404/404 403 403 403 403 403"},

	"getLoweringKey":   {child("/lowering-key", nil), "401 200/404/404/404 200/404/404/404 403 403 403 403 403"},
	"renewLoweringKey": {child("/lowering-key", object{}), "401 200/404/404/404 200/404/404/404 403 403 403 403 403"},
	"getLowering":      {loweringKey(nil), "200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404"},
	"lower":            {loweringKey(object{"extent": "all"}), "201/201/201/404 201/201/201/404 201/201/201/404 201/201/201/404 201/201/201/404 201/201/201/404 201/201/201/404 403"},

	"getReceiptSummary": {receipt("/summary"), "401 200/404/404/404 200/404/404/404 403 403 403 403 403"},

	"getCheckpoint": {checkpoint, "200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404 200/200/200/404"},
	"getEvidence":   {at("/evidence"), "401 403 403 403 200 200 200 403"},
	"getProof":      {leaf, "401 200/404/404/404 200/404/404/404 403 200/200/404/404 200/200/404/404 200/200/404/404 403"},
	"verifyReceipt": {noReceipt, "200 200 200 200 200 200 200 403"},

	"listClasses":       {at("/classes"), "401 403 403 200 200 200 403 200"},
	"getModes":          {class("/classes/%s/modes", nil), "401 403 403 200/404/404/404 200/200/404/404 200/200/404/404 403 200/200/404/404"},
	"listPeople":        {pupil("/pupils/%s/people", nil), "401 403 403 200/404/404/404 200/200/404/404 200/200/404/404 403 403"},
	"receiveWithdrawal": {receivedWithdrawal, "401 403 403 201/404/404/404 201/201/404/404 201/201/404/404 403 403"},
	"giveClass":         {givenClass, "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"takeClass":         {takenClass, "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"listStaff":         {at("/staff"), "401 403 403 403 200 200 403 403"},

	"listMeetings":       {at("/meetings"), "401 403 403 200 200 200 403 200"},
	"planMeeting":        {plannedMeeting, "401 403 403 201/404/404/404 403 403 403 403"},
	"cancelMeeting":      {meetingAhead("/cancellation", object{"scope": "one"}), "401 403 403 200/403/404/404 200/200/404/404 200/200/404/404 403 403"},
	"moveMeeting":        {meetingAhead("/move", object{"startsAt": "2099-01-01T08:00:00Z"}), "401 403 403 422/403/404/404 422/422/404/404 422/422/404/404 403 403"},
	"listSubstitutions":  {at("/substitutions"), "401 403 403 200 403 403 403 403"},
	"takeOverMeeting":    {meetingAt("/substitution"), "401 403 403 200/200/404/404 403 403 403 403"},
	"giveBackMeeting":    {takenOver, "401 403 403 204/404/404/404 403 403 403 403"},
	"getMeetingSettings": {at("/meeting-settings"), "401 403 403 403 403 200 403 403"},
	"setMeetingSettings": {with("/meeting-settings", object{"lessonBasis": "consent", "defaultRoom": "", "hidesNumbers": false}), "401 403 403 403 403 204 403 403"},
	"previewDistanceDay": {at("/distance-days/preview"), "401 403 403 403 403 200 403 403"},
	"declareDistanceDay": {with("/distance-days", object{"title": "Distanztag"}), "401 403 403 403 403 200 403 403"},

	"listOpenContacts": {class("/alternative-contacts?class=%s", nil), "401 403 403 200/404/404/404 403 403 403 403"},
	"countContacts":    {at("/alternative-contacts/counts"), "401 403 403 403 200 200 403 403"},
	"listContacts":     {meetingAt("/alternative-contacts"), "401 403 403 200/404/404/404 403 403 403 403"},
	"setContact":       {contactAt("", object{"kind": "phone", "done": true}), "401 403 403 200/404/404/404 403 403 403 403"},
	"takeContactBack":  {absentAt, "401 403 403 204/404/404/404 403 403 403 403"},
	"showNumbers":      {contactAt("/numbers", object{}), "401 403 403 200/404/404/404 403 403 403 403"},

	"listGroups": {at("/groups"), "401 403 403 403 200 200 403 403"},
	"makeGroup":  {newGroup, "401 403 403 403 201 201 403 403"},
	"setMembers": {groupMembers, "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},

	"getMeeting":   {meetingAt(""), "401 403 403 200/404/404/404 200/200/404/404 200/200/404/404 403 200/200/404/404"},
	"getRoster":    {meetingAt("/roster"), "401 403 403 200/404/404/404 200/200/404/404 200/200/404/404 403 200/200/404/404"},
	"streamRoster": {meetingAt("/roster/stream"), "401 403 403 200/404/404/404 200/200/404/404 200/200/404/404 403 200/200/404/404"},

	"getRoom":          {roomed("/room", nil), "401 403 403 200/404/404/404 403 403 403 403"},
	"setRoom":          {roomed("/room", object{"kind": "iserv", "name": "Raum 7b"}), "401 403 403 204/404/404/404 403 403 403 403"},
	"openRoom":         {roomed("/room/open", object{}), "401 403 403 200/404/404/404 403 403 403 403"},
	"reopenRoom":       {roomed("/room/reopen", object{}), "401 403 403 409/404/404/404 403 403 403 403"},
	"seeChange":        {seenOnRoster, "401 403 403 204/404/404/404 403 403 403 403"},
	"getRooms":         {at("/rooms"), "401 403 403 403 403 200 403 403"},
	"setRoomHosts":     {with("/rooms/hosts", object{"roomHosts": []string{"schule.example"}}), "401 403 403 403 403 204 403 403"},
	"setRoomServer":    {with("/rooms/server", conferenceServer), "401 403 403 403 403 204 403 403"},
	"tryRoomServer":    {serverSetUp("/rooms/server/try"), "401 403 403 403 403 200 403 403"},
	"removeRoomServer": {serverSetUp("/rooms/server"), "401 403 403 403 403 204 403 403"},
	"roomEnded":        {at("/conference/ended/x.y"), "404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404 404/404/404/404"},

	"listPupils":        {class("/pupils?class=%s", nil), "401 403 403 403 200/200/404/404 200/200/404/404 200/200/404/404 403"},
	"getPupil":          {pupil("/pupils/%s", nil), "401 403 403 403 200/200/404/404 200/200/404/404 200/200/404/404 403"},
	"listStandings":     {class("/standings?class=%s", nil), "401 403 403 403 200/200/404/404 200/200/404/404 200/200/404/404 403"},
	"listGuardianships": {pupil("/guardianships?pupil=%s", nil), "401 403 403 403 200/200/404/404 200/200/404/404 200/200/404/404 403"},

	"setGuardianship":         {guardianship, "401 403 403 403 200/200/404/404 200/200/404/404 403 403"},
	"recordDecision":          {recordedDecision, "401 403 403 403 201/201/404/404 201/201/404/404 403 403"},
	"invalidateDecision":      {decision("/invalidation", object{"reason": "wrong_person"}), "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"confirmWithdrawal":       {decision("/confirmation", object{}), "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"listReceivedWithdrawals": {at("/received-withdrawals"), "401 403 403 403 200 200 403 403"},
	"listProposals":           {at("/proposals"), "401 403 403 403 200 200 403 403"},
	"confirmProposal":         {proposed("/confirm"), "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"rejectProposal":          {proposed("/reject"), "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},

	"previewReminders": {at("/reminders/preview"), "401 403 403 403 200 200 403 403"},
	"listReminders":    {at("/reminders"), "401 403 403 403 200 200 403 403"},
	"foreseeReminders": {with("/reminders/effect", object{}), "401 403 403 403 200 200 403 403"},
	"sendReminders":    {with("/reminders", object{}), "401 403 403 403 200 200 403 403"},
	"getHolidays":      {at("/holidays"), "401 403 403 403 200 200 403 403"},
	"setHolidays":      {holidayFile, "401 403 403 403 204 204 403 403"},
	"dropHolidays":     {with("/holidays", nil), "401 403 403 403 204 204 403 403"},
	"printSlips":       {slips, "401 403 403 403 200/200/404/404 200/200/404/404 403 403"},

	"printLetters": {letters, "401 403 403 403 200/200/404/404 200/200/404/404 403 403"},
	"planMailing":  {pupil("/letters/mailing?pupils=%s", nil), "401 403 403 403 200/200/404/404 200/200/404/404 403 403"},
	"mailLetters":  {mailing, "401 403 403 403 200/200/404/404 200/200/404/404 403 403"},
	"listLetters":  {class("/letters?class=%s", nil), "401 403 403 403 200/200/404/404 200/200/404/404 403 403"},
	"voidLetter":   {letter, "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},

	"listApiTokens":  {at("/tokens"), "401 403 403 403 200 200 403 403"},
	"makeApiToken":   {newToken, "401 403 403 403 201 201 403 403"},
	"revokeApiToken": {apiToken, "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"getRights":      {at("/rights"), "200 200 200 200 200 200 200 200"},

	"lookAtDoor":     {with("/session/pin/door", object{"key": "x.y"}), "401 401 401 401 401 401 401 403"},
	"signInWithPin":  {with("/session/pin", object{"key": "x.y", "pupil": "z", "pin": []string{"sun", "moon", "star", "tree"}}), "401 401 401 401 401 401 401 403"},
	"provePin":       {rightPIN, "401 403 204 403 403 403 403 403"},
	"openForChild":   {child("/openings", object{}), "401 201/404/404/404 403 403 403 403 403 403"},
	"signInForChild": {with("/session/child", object{"code": "0000-0001"}), "401 401 401 401 401 401 401 403"},
	"getPictures":    {at("/session/pin/pictures"), "401 403 200 403 403 403 403 403"},
	"getMyDay":       {at("/my-day"), "401 403 200 403 403 403 403 403"},

	"getOwnRules":       {ownMeeting("/rules", nil), "401 403 200/404/404/404 403 403 403 403 403"},
	"acknowledgeRules":  {acknowledgement, "401 403 204/404/404/404 403 403 403 403 403"},
	"joinMeeting":       {ownMeeting("/join", object{}), "401 403 403/404/404/404 403 403 403 403 403"},
	"limitOneself":      {ownMeeting("/own-limit", object{"reach": "audio"}), "401 403 204/404/404/404 403 403 403 403 403"},
	"liftOwnLimit":      {ownMeeting("/own-limit", nil), "401 403 204/404/404/404 403 403 403 403 403"},
	"listRules":         {at("/rules"), "401 403 403 200 200 200 200 403"},
	"listRulesVersions": {at("/rules-versions"), "401 403 403 403 403 200 403 403"},
	"checkRules":        {ruleSet("/rules-versions/check"), "401 403 403 403 403 204 403 403"},
	"publishRules":      {ruleSet("/rules-versions"), "401 403 403 403 403 201 403 403"},
	"getClassDoor":      {class("/classes/%s/door", nil), "401 403 403 200/404/404/404 200/200/404/404 200/200/404/404 403 403"},
	"printCards":        {cards, "401 403 403 200/404/404/404 200/200/404/404 200/200/404/404 403 403"},
	"renewClassLink":    {class("/classes/%s/link", object{}), "401 403 403 201/404/404/404 201/201/404/404 201/201/404/404 403 403"},
	"openClassLink":     {linkOpening, "401 403 403 200/404/404/404 200/200/404/404 200/200/404/404 403 403"},

	"reportBreach":       {reported, "401 403 403 201/404/404/404 403 403 403 403"},
	"listOwnBreaches":    {at("/breaches/own"), "401 403 403 200 403 403 403 403"},
	"listBreaches":       {at("/breaches"), "401 403 403 403 200 200 200 403"},
	"decideBreach":       {aBreach("/decision", someMeasure), "401 403 403 403 403 201/201/404/404 403 403"},
	"dismissBreach":      {aBreach("/dismissal", nobody), "401 403 403 403 403 204/204/404/404 403 403"},
	"listLimits":         {meetingAt("/limits"), "401 403 403 200/404/404/404 403 403 403 403"},
	"setLimit":           {limited(object{"reach": "audio"}), "401 403 403 204/404/404/404 403 403 403 403"},
	"liftLimit":          {limited(nil), "401 403 403 204/404/404/404 403 403 403 403"},
	"listSanctions":      {at("/sanctions"), "401 403 403 403 200 200 200 403"},
	"imposeSanction":     {imposed, "401 403 403 403 403 201/201/404/404 403 403"},
	"endSanction":        {aSanction(""), "401 403 403 403 403 204/204/404/404 403 403"},
	"previewNotice":      {at("/sanctions/notice?kind=formal&measure=excluded&ruleKey=PRIVACY&from=2026-11-01&until=2026-11-30"), "401 403 403 403 200 200 200 403"},
	"objectToSanction":   {aSanction("/objections"), "401 201/404/404/404 201/404/404/404 403 403 403 403 403"},
	"answerObjection":    {anObjection, "401 403 403 403 403 204/204/404/404 403 403"},
	"listChildSanctions": {child("/sanctions", nil), "401 200/404/404/404 200/404/404/404 403 403 403 403 403"},
	"listMySanctions":    {at("/my-day/sanctions"), "401 403 200 403 403 403 403 403"},

	"getNotices":          {at("/notices"), "401 200 200 403 403 403 403 403"},
	"chooseNotices":       {with("/notices", object{"language": "en", "noReminders": false}), "401 204 204 403 403 403 403 403"},
	"setMailAddress":      {freshAddress, "401 204 204 403 403 403 403 403"},
	"removeMailAddress":   {at("/notices/address"), "401 204 204 403 403 403 403 403"},
	"confirmMailAddress":  {with("/notices/confirm", object{"token": "a.b.c.d"}), nobodysLink},
	"stopReminders":       {with("/notices/stop", object{"token": "a.b.c.d"}), nobodysLink},
	"stopRemindersAtOnce": {with("/notices/stop/a.b.c.d", nil), nobodysLink},
	"openStopPage":        {at("/notices/stop/a.b.c.d"), "303 303 303 303 303 303 303 303"},
	"sayNotMe":            {with("/notices/not-me", object{"token": "a.b.c.d"}), nobodysLink},
	"listMessages":        {at("/messages"), "401 403 403 403 200 200 403 403"},
	"handOverMessage":     {slipMessage, "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},
	"listDeadJobs":        {at("/outbox/dead"), "401 403 403 403 200 200 403 403"},
	"retryDeadJob":        {deadJob, "401 403 403 403 204/204/404/404 204/204/404/404 403 403"},

	"getPushKey":            {at("/push/key"), "401 200 200 200 200 200 200 403"},
	"listPushSubscriptions": {at("/push/subscriptions"), "401 200 200 200 200 200 200 403"},
	"subscribeToPush":       {with("/push/subscriptions", noBrowser), "401 422 422 422 422 422 422 403"},
	"unsubscribeFromPush":   {pushSubscription("", nil), "401 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 403"},
	"choosePushKinds":       {pushSubscription("/kinds", object{"kinds": []string{"receipts"}}), "401 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 204/404/404/404 403"},
	"testPush":              {pushSubscription("/test", object{}), "401 200/404/404/404 200/404/404/404 200/404/404/404 200/404/404/404 200/404/404/404 200/404/404/404 403"},
	"activatePush":          {with("/push/activation", object{"proof": "x.y"}), "401 401 401 401 401 401 401 403"},
	"openPushMessage":       {pushMessage, "401 200/404/404/404 200/404/404/404 200/404/404/404 200/404/404/404 200/404/404/404 200/404/404/404 403"},

	"proposeImport": {classList, "401 403 403 403 201 201 403 403"},
	"getImport":     {importPlan("", nil), "401 403 403 403 200/200/404/404 200/200/404/404 403 403"},
	"applyImport":   {importPlan("/apply", object{"confirmed": []string{}}), "401 403 403 403 200/200/404/404 200/200/404/404 403 403"},
}

// D1 and D2: every operation, asked by everybody, about what is theirs and what is not. What is not theirs looks like
// nothing. Checklist D1 names six roles; programs are the seventh, with a token of every scope.
func TestD1D2EveryOperationAskedByEverybodyAboutEverything(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		for _, op := range w.operations() {
			right, ok := rights[op.OperationID]
			if !ok {
				t.Errorf("%s %s (%s) has no entry in rights", op.Method, op.Path, op.OperationID)
				continue
			}
			w.check(op.OperationID, op.Method, right)
		}
	})
}

func TestRightsSpeakOfOperationsAlone(t *testing.T) {
	known := map[string]bool{}
	for _, op := range operationsOf(t) {
		known[op.OperationID] = true
	}
	for name, right := range rights {
		if !known[name] {
			t.Errorf("there is no operation %s", name)
		}
		if len(strings.Fields(right.cells)) != len(everybody) {
			t.Errorf("%s speaks of %d roles, want %d", name, len(strings.Fields(right.cells)), len(everybody))
		}
	}
	for _, role := range append(authz.Roles, authz.Program) {
		if !slices.Contains(everybody, role) {
			t.Errorf("%s is in no column", role)
		}
	}
}

// D4 on SQLite.
func TestD4SQLiteHoldsOneSchool(t *testing.T) {
	env := testkit.NewSQLite(t)
	first := env.NewSchool(t)
	var settings school.Settings
	first.Read(func(tx *db.Tx) (err error) {
		settings, err = first.Service.Settings(tx)
		return err
	})
	_, err := first.Service.Create(t.Context(), settings)
	if !errors.Is(err, fault.New(fault.SQLiteHoldsOne)) {
		t.Errorf("a second school: %v", err)
	}
}

// check asks an operation in the name of everybody.
func (w *world) check(name, method string, r right) {
	w.t.Helper()
	for i, cell := range strings.Fields(r.cells) {
		role := everybody[i]
		c := w.clientOf(name, role)
		nowhere := ""
		for _, at := range []place{unknown, own, other, foreign} {
			want, ok := statusAt(cell, at)
			if !ok || at == foreign && w.DB.Dialect() == db.SQLite {
				continue
			}
			w.Clock.Set(time.Now()) // a stream's write deadlines are real time
			got := w.ask(c, method, r.call(w, at, role))
			who := fmt.Sprintf("%s by %q at %s", name, role, []string{"own", "other", "foreign", "unknown"}[at])
			if fmt.Sprint(got.status) != want {
				w.t.Errorf("%s: status %d, want %s: %s", who, got.status, want, got.body)
			}
			if at == unknown {
				nowhere = anonymous(got)
			}
			if want == "404" && anonymous(got) != nowhere {
				w.t.Errorf("%s is told from what does not exist:\n%s\n%s", who, anonymous(got), nowhere)
			}
		}
	}
}

// statusAt reads a cell. A single status holds for every place, so asking for one that exists is enough.
func statusAt(cell string, at place) (status string, ok bool) {
	if !strings.Contains(cell, "/") {
		return cell, at == own
	}
	return strings.Split(cell, "/")[at], true
}

var instance = regexp.MustCompile(`urn:einverstanden:request:[0-9a-f]{16}`)

// anonymous is an answer as whoever guesses ids can tell it from others: status, headers, body without request id.
func anonymous(a answer) string {
	header := a.header.Clone()
	header.Del("Date")
	var lines []string
	for name, values := range header {
		lines = append(lines, name+": "+strings.Join(values, ", "))
	}
	slices.Sort(lines)
	return fmt.Sprintf("%d\n%s\n%s", a.status, strings.Join(lines, "\n"), instance.ReplaceAll(a.body, []byte("*")))
}

// clientOf is signed in once for all operations, but for those that end sessions. A new letter lets the earlier browser
// out, so whoever comes next signs in again.
func (w *world) clientOf(operation string, role authz.Role) *client {
	w.t.Helper()
	if operation == "signOut" || operation == "confirmTotp" || operation == "changePassword" {
		w.clients[role] = nil
		return w.as(role)
	}
	if w.clients[role] == nil {
		w.clients[role] = w.as(role)
	}
	return w.clients[role]
}

// ask sends a call with a key of its own. Of an event stream it takes the head alone.
func (w *world) ask(c *client, method string, call call) answer {
	w.t.Helper()
	if strings.HasSuffix(call.path, "/stream") {
		return w.head(c, call.path)
	}
	if method == http.MethodGet || method == http.MethodDelete {
		return c.send(method, call.path, "", nil, nil)
	}
	body := call.raw
	change := func(r *http.Request) {}
	if body != nil {
		change = func(r *http.Request) { r.Header.Set("Content-Type", "application/octet-stream") }
	} else if call.body != nil {
		var err error
		if body, err = json.Marshal(call.body); err != nil {
			w.t.Fatal(err)
		}
	}
	w.keys++
	return c.send(method, call.path, fmt.Sprintf("right-%d", w.keys), body, change)
}
