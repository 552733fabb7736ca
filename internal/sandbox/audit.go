package sandbox

import (
	"fmt"
	"os"
)

// auditPolicy tells the API server to write down who asked for what, and what was answered, for one user only: what Cluster API and
// people do is many times as much.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: [%q]
- level: None
`

func (s *Sandbox) writeAuditPolicy() error {
	if !s.options.Audit {
		return nil
	}
	return os.WriteFile(s.layout.auditPolicy(), fmt.Appendf(nil, auditPolicy, managerAccount.user()), 0o600)
}

// AuditLog is the file with the requests of the provider's manager, one audit.k8s.io/v1 Event per line, if Options.Audit asked for it.
func (s *Sandbox) AuditLog() string { return s.layout.auditLog() }
