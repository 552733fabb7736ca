// Package store keeps documents on disk: an append-only log of JSON lines that is synced before anybody is told, and
// rewritten when most of it is overtaken (compact.go). It must not know what the documents mean.
package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	logName      = "state.log"
	beatName     = "clock"
	compactAfter = 32 << 20
)

// Store is one data directory. A Store opened with an empty directory name keeps nothing.
type Store struct {
	mu         sync.Mutex // guards everything below
	dir        string
	log        *os.File
	lock       *os.File // held while the directory is ours
	size       int64
	compact    int64         // size at which the log is rewritten
	least      int64         // below which that never pays
	compacting chan struct{} // closed when the rewrite under way is over
	written    int64         // commits written to the file
	synced     int64         // commits known to be on disk

	syncing sync.Mutex // one fsync at a time; taken before mu
}

// Change sets (Value) or deletes (Value == nil) one document.
type Change struct {
	Key   string
	Value any
}

type line struct {
	Time time.Time                  `json:"t"`
	Set  map[string]json.RawMessage `json:"set,omitempty"`
	Del  []string                   `json:"del,omitempty"`
}

// Contents is what a data directory held when it was opened.
type Contents struct {
	Docs map[string]json.RawMessage
	Time time.Time // last known emulated time
}

// Open reads the directory. A line cut short by a crash was never acknowledged and is dropped.
func Open(dir string) (*Store, Contents, error) {
	c := Contents{Docs: map[string]json.RawMessage{}}
	if dir == "" {
		return &Store{}, c, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, c, err
	}
	lock, err := lockDirectory(dir)
	if err != nil {
		return nil, c, err
	}
	s, c, err := load(dir)
	if err != nil {
		_ = lock.Close()
		return nil, c, err
	}
	s.lock = lock
	return s, c, nil
}

// load reads a directory nobody else uses.
func load(dir string) (*Store, Contents, error) {
	c := Contents{Docs: map[string]json.RawMessage{}}
	path := filepath.Join(dir, logName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, c, err
	}
	good, err := replay(f, &c)
	if err != nil {
		_ = f.Close()
		return nil, c, fmt.Errorf("%s: %w", path, err)
	}
	if err := f.Truncate(good); err != nil {
		_ = f.Close()
		return nil, c, err
	}
	if err := seek(f, good); err != nil {
		_ = f.Close()
		return nil, c, err
	}
	if raw, err := os.ReadFile(filepath.Join(dir, beatName)); err == nil {
		if t, err := time.Parse(time.RFC3339Nano, string(bytes.TrimSpace(raw))); err == nil && t.After(c.Time) {
			c.Time = t
		}
	}
	return &Store{dir: dir, log: f, size: good, least: compactAfter, compact: max(compactAfter, 2*good)}, c, nil
}

func replay(f *os.File, c *Contents) (int64, error) {
	var good int64
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return good, nil
		}
		if err != nil {
			return good, err
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return good, fmt.Errorf("offset %d is damaged: %w", good, err)
		}
		good += int64(len(raw))
		for k, v := range l.Set {
			c.Docs[k] = v
		}
		for _, k := range l.Del {
			delete(c.Docs, k)
		}
		if l.Time.After(c.Time) {
			c.Time = l.Time
		}
	}
}

// Commit makes the changes durable: after it returns they survive SIGKILL and a power cut.
func (s *Store) Commit(now time.Time, changes []Change) error {
	if err := s.Append(now, changes); err != nil {
		return err
	}
	return s.Sync()
}

// Append writes the changes as one transaction: after it returns they survive SIGKILL, after a Sync a power cut too.
func (s *Store) Append(now time.Time, changes []Change) error {
	if s.dir == "" || len(changes) == 0 {
		return nil
	}
	l := line{Time: now, Set: map[string]json.RawMessage{}}
	for _, c := range changes {
		if c.Value == nil {
			l.Del = append(l.Del, c.Key)
			continue
		}
		raw, err := json.Marshal(c.Value)
		if err != nil {
			return fmt.Errorf("document %s: %w", c.Key, err)
		}
		l.Set[c.Key] = raw
	}
	raw, err := encode(l)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log == nil {
		return os.ErrClosed
	}
	if _, err := s.log.Write(raw); err != nil {
		// What was written of the line must go, or the next one would make it look like damage.
		return errors.Join(err, s.log.Truncate(s.size), seek(s.log, s.size))
	}
	s.size += int64(len(raw))
	s.written++
	s.compactSoon()
	return nil
}

// Sync waits until everything appended so far is on disk. Callers that come together share one fsync.
func (s *Store) Sync() error {
	want, done := s.progress(0)
	if done {
		return nil
	}
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if _, done := s.progress(want); done {
		return nil
	}
	s.mu.Lock()
	log, upTo := s.log, s.written
	s.mu.Unlock()
	if log == nil {
		return os.ErrClosed
	}
	if err := log.Sync(); err != nil {
		if _, done := s.progress(want); done { // the log was replaced by a rewritten one, which is synced
			return nil
		}
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced = max(s.synced, upTo)
	return nil
}

// progress says how many commits are written, and whether that many (0 = all of them) are on disk.
func (s *Store) progress(want int64) (written int64, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if want == 0 {
		want = s.written
	}
	return s.written, s.synced >= want
}

func seek(f *os.File, offset int64) error {
	_, err := f.Seek(offset, io.SeekStart)
	return err
}

// encode writes a line. The documents are compact JSON already, which encoding/json would go through once more.
func encode(l line) ([]byte, error) {
	size := 64
	for k, raw := range l.Set {
		size += len(k) + len(raw) + 4
	}
	out := append(make([]byte, 0, size), `{"t":`...)
	t, err := l.Time.MarshalJSON()
	if err != nil {
		return nil, err
	}
	out = append(append(out, t...), `,"set":{`...)
	separator := ""
	for k, raw := range l.Set {
		key, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, separator...), key...), ':'), raw...)
		separator = ","
	}
	out = append(out, '}')
	if len(l.Del) > 0 {
		gone, err := json.Marshal(l.Del)
		if err != nil {
			return nil, err
		}
		out = append(append(out, `,"del":`...), gone...)
	}
	return append(out, '}', '\n'), nil
}

// Beat remembers the emulated time, so that operations resume with the time they had left. Losing a beat only
// makes an operation a little longer, hence no sync.
func (s *Store) Beat(now time.Time) error {
	if s.dir == "" {
		return nil
	}
	path := filepath.Join(s.dir, beatName)
	if err := os.WriteFile(path+".new", []byte(now.Format(time.RFC3339Nano)), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Close releases the directory.
func (s *Store) Close() error {
	s.mu.Lock()
	log, lock, compacting := s.log, s.lock, s.compacting
	s.log, s.lock = nil, nil
	s.mu.Unlock()
	if compacting != nil {
		<-compacting
	}
	if log == nil {
		return nil
	}
	return errors.Join(log.Close(), lock.Close())
}
