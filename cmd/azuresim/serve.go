package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

type serveFlags struct {
	addr, dataDir, config, readyFile, envFile string
	speed, throttle                           float64
	pageSize                                  int
	tokenLifetime                             time.Duration
	emulatedTokens                            bool
	durations                                 map[string]string
}

func serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve until interrupted",
		Long: `Serve an emulated Azure on a loopback address until interrupted (Ctrl-C or SIGTERM). A client finds it through the
environment that --env-file and --ready-file write; the page at the printed address shows what is going on, and
/_azuresim/ below it is the control API: faults, clock, outside changes, quotas, request log (see docs/azuresim.md).

Durations of operations are set by name; a prefix such as agentPool sets all below it:
` + durationNames(),
		Example: `  azuresim serve                                                  # everything in memory, a free port, real limits
  azuresim serve --data-dir .azuresim --env-file azure.env        # state and addresses survive restarts; then: . ./azure.env
  azuresim serve --speed 60 --durations managedCluster=5m         # a cluster takes five emulated minutes, five seconds for you`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.addr, "addr", "127.0.0.1:0", "loopback address to listen on; port 0 takes a free one, or that of the last run with a data directory")
	fl.StringVar(&f.dataDir, "data-dir", "", "directory for state that survives restarts; empty keeps everything in memory")
	fl.StringVar(&f.config, "config", "", "JSON file of the world (tenants, subscriptions, principals, locations, quotas, versions, ...); replaces the default identities")
	fl.StringVar(&f.readyFile, "ready-file", "", "JSON file written when listening: url, caFile, env, pid")
	fl.StringVar(&f.envFile, "env-file", "", "file of shell export lines for a client, written when listening")
	fl.Float64Var(&f.speed, "speed", 1, "how many times faster than real time operations run")
	fl.Float64Var(&f.throttle, "throttle-scale", 1, "multiplies Azure's request limits; 0 turns throttling off")
	fl.IntVar(&f.pageSize, "page-size", 1000, "items a list answers at once; a client has to follow nextLink for the rest")
	fl.DurationVar(&f.tokenLifetime, "token-lifetime", 0, "lifetime of access tokens; 0 is the 3599s of Entra ID")
	fl.BoolVar(&f.emulatedTokens, "emulated-token-time", false, "let tokens expire by the emulated clock, so that advancing it expires them")
	fl.StringToStringVar(&f.durations, "durations", nil, "durations of operations, e.g. managedCluster=2m,agentPool.delete=10s")
	for flag, key := range map[string]string{"cluster": "managedCluster", "pool": "agentPool", "group": "resourceGroup", "network": "network", "registration": "registration"} {
		fl.Var(durationFlag{key, &f.durations}, "duration-"+flag, "same as --durations "+key+"=…")
	}
	return cmd
}

// durationNames is the list in lines of a readable length.
func durationNames() string {
	var lines []string
	for names := range slices.Chunk(azuresim.DurationNames(), 4) {
		lines = append(lines, "  "+strings.Join(names, ", "))
	}
	return strings.Join(lines, ",\n")
}

// durationFlag lets the commonest durations have flags of their own.
type durationFlag struct {
	key  string
	into *map[string]string
}

func (d durationFlag) String() string { return "" }
func (d durationFlag) Type() string   { return "duration" }
func (d durationFlag) Set(s string) error {
	if _, err := time.ParseDuration(s); err != nil {
		return err
	}
	if *d.into == nil {
		*d.into = map[string]string{}
	}
	(*d.into)[d.key] = s
	return nil
}

func serve(cmd *cobra.Command, f serveFlags) error {
	opts := azuresim.Options{Addr: f.addr, DataDir: f.dataDir, Speed: f.speed, ThrottleScale: f.throttle, NoThrottle: f.throttle == 0, PageSize: f.pageSize, TokenLifetime: f.tokenLifetime, EmulatedTokenTime: f.emulatedTokens, Durations: map[string]time.Duration{}}
	for k, v := range f.durations {
		d, err := time.ParseDuration(v)
		if err != nil {
			return fmt.Errorf("--durations %s=%s: %w", k, v, err)
		}
		opts.Durations[k] = d
	}
	switch {
	case f.speed <= 0:
		return fmt.Errorf("--speed %v must be positive; to stop the time, POST {\"pause\": true} to /_azuresim/clock", f.speed)
	case f.throttle < 0:
		return fmt.Errorf("--throttle-scale %v must not be negative; 0 turns throttling off", f.throttle)
	case f.pageSize <= 0:
		return fmt.Errorf("--page-size %d must be positive", f.pageSize)
	case f.tokenLifetime < 0:
		return fmt.Errorf("--token-lifetime %s must not be negative; 0 is the lifetime of Entra ID", f.tokenLifetime)
	}
	var err error
	if opts.World, err = readWorld(f.config); err != nil {
		return err
	}
	opts.Log = logr.FromSlogHandler(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	s, err := azuresim.Start(cmd.Context(), opts)
	if err != nil {
		return err
	}
	defer s.Close()
	if f.readyFile != "" { // whoever finds the file connects, so it goes before we do
		defer func() { _ = os.Remove(f.readyFile) }()
	}
	if err := announce(s, f, cmd.OutOrStdout()); err != nil {
		return err
	}
	<-cmd.Context().Done()
	return nil
}

// readWorld reads --config. Lists the file leaves out keep their defaults; the identities it names replace them all,
// because a test that lists who exists does not want strangers.
func readWorld(path string) (*world.World, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var given world.World
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&given); err != nil {
		return nil, fmt.Errorf("--config %s: %w (docs/azuresim.md describes the file)", path, err)
	}
	w := world.Default()
	if len(given.Tenants) > 0 || len(given.Principals) > 0 {
		w.Tenants, w.Subscriptions, w.Principals, w.Roles = nil, nil, nil, nil
	}
	if len(given.Versions) > 0 {
		w.Versions = nil
	}
	if len(given.Locations) > 0 {
		w.Locations = nil
	}
	w.Merge(given)
	if err := w.Check(); err != nil {
		return nil, fmt.Errorf("--config %s: %w", path, err)
	}
	return &w, nil
}

func announce(s *azuresim.Server, f serveFlags, out io.Writer) error {
	env := s.Env()
	if f.envFile != "" {
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(env)) {
			fmt.Fprintf(&b, "export %s=%s\n", k, quoted(env[k]))
		}
		if err := writeWhole(f.envFile, []byte(b.String())); err != nil {
			return err
		}
	}
	if f.readyFile != "" {
		raw, err := json.MarshalIndent(map[string]any{"url": s.URL(), "caFile": s.CAFile(), "env": env, "pid": os.Getpid()}, "", "  ")
		if err != nil {
			return err
		}
		if err := writeWhole(f.readyFile, append(raw, '\n')); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "azuresim listens on %s (CA %s)\nopen %s in a browser to watch it\n%s", s.URL(), s.CAFile(), s.URL(), hint(f, env))
	return err
}

// hint tells what to do next, unless a program that reads the files started us.
func hint(f serveFlags, env map[string]string) string {
	switch {
	case f.readyFile != "":
		return ""
	case f.envFile != "":
		return "Point a client at it with:  . " + f.envFile + "\n"
	}
	var b strings.Builder
	b.WriteString("Point a client at it with this environment, or let --env-file write it:\n")
	for _, k := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "  export %s=%s\n", k, quoted(env[k]))
	}
	return b.String()
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// writeWhole makes a file appear complete or not at all: others wait for it.
func writeWhole(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".azuresim-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err := tmp.Write(content); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
