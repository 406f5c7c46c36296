package api

// routes registers every route of the API.
func (s *Server) routes() {
	s.publicRoutes()
	s.sessionRoutes()
	s.passkeyRoutes()
	s.deviceRoutes()
	s.childRoutes()
	s.loweringRoutes()
	s.receiptRoutes()
	s.evidenceRoutes()
	s.classRoutes()
	s.meetingRoutes()
	s.pupilRoutes()
	s.officeRoutes()
	s.proposalRoutes()
	s.letterRoutes()
	s.importRoutes()
	s.ownSignInRoutes()
	s.invitationRoutes()
	s.accountRoutes()
	s.tokenRoutes()
	s.rightsRoutes()
	s.oidcRoutes()
	s.pupilDoorRoutes()
	s.reminderRoutes()
}
