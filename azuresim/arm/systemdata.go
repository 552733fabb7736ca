package arm

import "time"

// SystemData is who made and who last changed a resource. ARM keeps it for the types whose api-versions declare it.
type SystemData struct {
	CreatedBy  string    `json:"createdBy"`
	CreatedAt  time.Time `json:"createdAt"`
	ModifiedBy string    `json:"modifiedBy"`
	ModifiedAt time.Time `json:"modifiedAt"`
}

// Stamp notes the caller of a write; the first one is the creator.
func (s *SystemData) Stamp(rq *Request) {
	if s.CreatedBy == "" {
		s.CreatedBy, s.CreatedAt = rq.Caller.ClientID, rq.Now
	}
	s.ModifiedBy, s.ModifiedAt = rq.Caller.ClientID, rq.Now
}

// View is the document clients see. Every principal of the emulator is an application.
func (s *SystemData) View() Object {
	const format = "2006-01-02T15:04:05.9999999Z"
	return Object{
		"createdBy": s.CreatedBy, "createdByType": "Application", "createdAt": s.CreatedAt.UTC().Format(format),
		"lastModifiedBy": s.ModifiedBy, "lastModifiedByType": "Application", "lastModifiedAt": s.ModifiedAt.UTC().Format(format),
	}
}
