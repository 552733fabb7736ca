package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// A log in which most lines have been overtaken by later ones is rewritten to the documents that count. That happens
// beside the running store: the old log up to a point is read again from disk and what is current of it written to a
// new one; only then is the store stopped, to append what was committed meanwhile and to swap the files.

// compactSoon starts a rewrite when the log has outgrown its last one. The caller holds mu.
func (s *Store) compactSoon() {
	if s.size <= s.compact || s.compacting != nil {
		return
	}
	done := make(chan struct{})
	s.compacting = done
	upTo := s.size
	go func() {
		defer close(done)
		s.finish(s.rewrite(upTo))
	}()
}

func (s *Store) newPath() string { return filepath.Join(s.dir, logName+".new") }

// rewrite copies what is current of the first bytes of the log into a new file.
func (s *Store) rewrite(upTo int64) (out *os.File, covered int64, err error) {
	in, err := os.Open(filepath.Join(s.dir, logName))
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = in.Close() }()
	last := map[string]int{} // key -> number of the last line that sets it
	var latest time.Time
	if err := eachLine(in, upTo, func(n int, l line) error {
		if l.Time.After(latest) {
			latest = l.Time
		}
		for k := range l.Set {
			last[k] = n
		}
		for _, k := range l.Del {
			delete(last, k)
		}
		return nil
	}); err != nil {
		return nil, 0, err
	}
	if out, err = os.OpenFile(s.newPath(), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return nil, 0, err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	write := func(l line) error {
		raw, err := encode(l)
		if err != nil {
			return err
		}
		_, err = w.Write(raw)
		return err
	}
	err = eachLine(in, upTo, func(n int, l line) error {
		for k := range l.Set {
			if last[k] != n {
				delete(l.Set, k)
			}
		}
		if len(l.Set) == 0 {
			return nil
		}
		return write(line{Time: l.Time, Set: l.Set})
	})
	if err == nil {
		err = write(line{Time: latest}) // the last lines may have held nothing that counts
	}
	if err = errors.Join(err, w.Flush(), out.Sync()); err != nil {
		_ = out.Close()
		return nil, 0, err
	}
	return out, upTo, nil
}

// finish appends what was committed during a rewrite and puts the new log in the place of the old one. A rewrite that
// failed leaves the old log as it was, to grow until the next attempt.
func (s *Store) finish(out *os.File, covered int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compacting = nil
	if err == nil && s.log != nil {
		if err = s.swap(out, covered); err == nil {
			return
		}
	}
	if out != nil {
		_ = out.Close()
	}
	_ = os.Remove(s.newPath())
	s.compact = 2 * s.size
}

func (s *Store) swap(out *os.File, covered int64) error {
	if _, err := io.Copy(out, io.NewSectionReader(s.log, covered, s.size-covered)); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	size, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if err := os.Rename(s.newPath(), filepath.Join(s.dir, logName)); err != nil {
		return err
	}
	_ = s.log.Close()
	s.log, s.size, s.compact = out, size, max(s.least, 2*size)
	if syncDirectory(s.dir) == nil { // else the next Sync has to do it for the file, as it would for any other
		s.synced = s.written
	}
	return nil
}

// syncDirectory makes a rename as durable as what the file holds.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// eachLine decodes the lines of the first bytes of a log, which hold whole lines only.
func eachLine(f *os.File, upTo int64, visit func(n int, l line) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(f, 0, upTo), 1<<20)
	for n := 1; ; n++ { // 0 is no line
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return fmt.Errorf("line %d is damaged: %w", n, err)
		}
		if err := visit(n, l); err != nil {
			return err
		}
	}
}
