package azuresim

import "net/http"

// Handler is what the listener serves, for measurements without a network.
func (s *Server) Handler() http.Handler { return s.https.Handler }
