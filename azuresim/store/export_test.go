package store

// CompactAt makes the next rewrite due when the log has that many bytes.
func (s *Store) CompactAt(n int64) { s.compact, s.least = n, n }

// Compacted waits until no rewrite is under way.
func (s *Store) Compacted() {
	s.mu.Lock()
	compacting := s.compacting
	s.mu.Unlock()
	if compacting != nil {
		<-compacting
	}
}

// LetGo gives up the directory and nothing else, as the kernel does when a process is killed.
func (s *Store) LetGo() { _ = s.lock.Close() }
