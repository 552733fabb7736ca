package azuresim

// Operation is one long-running operation in flight.
type Operation struct {
	ID       string
	Resource string // the id of what it works on
	State    string // what the resource shows meanwhile: Creating, Updating, Deleting, …
}

// Operations lists those in flight, oldest first.
func (s *Server) Operations() []Operation {
	var out []Operation
	_ = s.fabric.Do(func() error {
		for _, o := range s.fabric.Running() {
			out = append(out, Operation{o.ID, o.Resource, o.Label})
		}
		return nil
	})
	return out
}

// Complete lets an operation reach its end now, whatever the clock says. One that has ended stays as it is.
func (s *Server) Complete(id string) error {
	return s.fabric.Do(func() error {
		o := s.fabric.Operation(id)
		if o == nil || !o.Running() {
			return nil
		}
		return s.fabric.Complete(o, nil)
	})
}
