package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// State is what one invocation leaves for the next in state.json: which processes are ours, and where they listen.
type State struct {
	Dir      string    `json:"dir"`
	Started  time.Time `json:"started"`
	Detached bool      `json:"detached"`
	KeepData bool      `json:"keepData,omitempty"`
	// Supervisor is the process that holds a sandbox that is not detached; it answers SIGTERM by taking the sandbox down.
	Supervisor *Identity        `json:"supervisor,omitempty"`
	AzureURL   string           `json:"azureURL,omitempty"`
	Ports      map[string]int   `json:"ports"`
	Components []ComponentState `json:"components"`
}

// ComponentState is one started process.
type ComponentState struct {
	Name string `json:"name"`
	Identity
	Command []string `json:"command"`
	URL     string   `json:"url,omitempty"`
	Log     string   `json:"log"`
}

// Identity tells a process from any later one with the same pid.
type Identity struct {
	PID int `json:"pid"`
	// StartTime is the kernel's start time of the process, in whatever form this system has it. Only equality counts.
	StartTime string `json:"startTime"`
}

// ErrNoSandbox is returned where a directory holds no sandbox.
var ErrNoSandbox = errors.New("no sandbox here")

// ReadState reads the state of the sandbox in dir.
func ReadState(dir string) (*State, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(layout{abs}.state())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s holds no state.json; start one with `capaks sandbox up`", ErrNoSandbox, abs)
	}
	if err != nil {
		return nil, err
	}
	state := &State{}
	if err := json.Unmarshal(raw, state); err != nil {
		return nil, fmt.Errorf("%s: %w", layout{abs}.state(), err)
	}
	state.Dir = abs // the directory may have been moved; the processes it names are still the same
	return state, nil
}

// write replaces state.json in one step, so that a reader never sees half of it.
func (s *State) write() error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	path := layout{s.Dir}.state()
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (s *State) set(c ComponentState) {
	for i := range s.Components {
		if s.Components[i].Name == c.Name {
			s.Components[i] = c
			return
		}
	}
	s.Components = append(s.Components, c)
}

func (s *State) component(name string) (ComponentState, bool) {
	for _, c := range s.Components {
		if c.Name == name {
			return c, true
		}
	}
	return ComponentState{}, false
}

// running says whether any process of this sandbox lives.
func (s *State) running() bool {
	for _, c := range s.Components {
		if c.alive() {
			return true
		}
	}
	return false
}
