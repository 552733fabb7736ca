// Package store keeps documents on disk: an append-only log of JSON lines, synced before a commit returns, and a
// snapshot that replaces it when it grows. It must not know what the documents mean.
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
	mu      sync.Mutex
	dir     string
	log     *os.File
	size    int64
	compact int64
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
	if _, err := f.Seek(good, io.SeekStart); err != nil {
		_ = f.Close()
		return nil, c, err
	}
	if raw, err := os.ReadFile(filepath.Join(dir, beatName)); err == nil {
		if t, err := time.Parse(time.RFC3339Nano, string(bytes.TrimSpace(raw))); err == nil && t.After(c.Time) {
			c.Time = t
		}
	}
	return &Store{dir: dir, log: f, size: good, compact: max(compactAfter, 2*good)}, c, nil
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

// Commit makes the changes durable: after it returns they survive SIGKILL.
func (s *Store) Commit(now time.Time, changes []Change) error {
	if s.log == nil || len(changes) == 0 {
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
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log == nil {
		return os.ErrClosed
	}
	n, err := s.log.Write(append(raw, '\n'))
	if err != nil {
		return err
	}
	s.size += int64(n)
	return s.log.Sync()
}

// Full says that the log has grown enough to be replaced by a snapshot.
func (s *Store) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log != nil && s.size > s.compact
}

// Compact replaces the log by one line holding exactly these documents.
func (s *Store) Compact(now time.Time, docs []Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log == nil {
		return nil
	}
	path := filepath.Join(s.dir, logName)
	f, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	enc := json.NewEncoder(w)
	for _, d := range docs {
		raw, err := json.Marshal(d.Value)
		if err != nil {
			_ = f.Close()
			return fmt.Errorf("document %s: %w", d.Key, err)
		}
		if err := enc.Encode(line{Time: now, Set: map[string]json.RawMessage{d.Key: raw}}); err != nil {
			_ = f.Close()
			return err
		}
	}
	if err := errors.Join(w.Flush(), f.Sync(), os.Rename(path+".new", path)); err != nil {
		_ = f.Close()
		return err
	}
	_ = s.log.Close()
	s.log = f
	s.size, err = f.Seek(0, io.SeekEnd)
	s.compact = max(compactAfter, 2*s.size)
	return err
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
	defer s.mu.Unlock()
	if s.log == nil {
		return nil
	}
	err := s.log.Close()
	s.log = nil
	return err
}
