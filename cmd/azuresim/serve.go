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
	durations                                 map[string]string
}

func serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve until interrupted",
		Long:  "Serve an emulated Azure on a loopback address until interrupted. Durations: " + strings.Join(azuresim.DurationNames(), ", ") + "; a prefix such as agentPool sets all below it.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return serve(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.addr, "addr", "127.0.0.1:0", "loopback address to listen on; port 0 takes a free one, or that of the last run with a data directory")
	fl.StringVar(&f.dataDir, "data-dir", "", "directory for state that survives restarts; empty keeps everything in memory")
	fl.StringVar(&f.config, "config", "", "JSON file with tenants, subscriptions, principals, roleAssignments, locations, quotas, versions, vmSizes; replaces the default identities")
	fl.StringVar(&f.readyFile, "ready-file", "", "JSON file written when listening: url, caFile, env, pid")
	fl.StringVar(&f.envFile, "env-file", "", "file of shell export lines for a client, written when listening")
	fl.Float64Var(&f.speed, "speed", 1, "how many times faster than real time operations run")
	fl.Float64Var(&f.throttle, "throttle-scale", 1, "multiplies Azure's request limits; 0 turns throttling off")
	fl.StringToStringVar(&f.durations, "durations", nil, "durations of operations, e.g. managedCluster=2m,agentPool.delete=10s")
	for flag, key := range map[string]string{"cluster": "managedCluster", "pool": "agentPool", "group": "resourceGroup", "network": "network"} {
		fl.Var(durationFlag{key, &f.durations}, "duration-"+flag, "same as --durations "+key+"=…")
	}
	return cmd
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
	opts := azuresim.Options{Addr: f.addr, DataDir: f.dataDir, Speed: f.speed, ThrottleScale: f.throttle, NoThrottle: f.throttle == 0, Durations: map[string]time.Duration{}}
	for k, v := range f.durations {
		d, err := time.ParseDuration(v)
		if err != nil {
			return fmt.Errorf("--durations %s=%s: %w", k, v, err)
		}
		opts.Durations[k] = d
	}
	if f.speed <= 0 || f.throttle < 0 {
		return fmt.Errorf("--speed must be positive and --throttle-scale must not be negative")
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
		return nil, fmt.Errorf("%s: %w", path, err)
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
	return &w, nil
}

func announce(s *azuresim.Server, f serveFlags, out io.Writer) error {
	env := s.Env()
	if f.envFile != "" {
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(env)) {
			fmt.Fprintf(&b, "export %s='%s'\n", k, strings.ReplaceAll(env[k], "'", `'\''`))
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
	_, err := fmt.Fprintf(out, "azuresim listens on %s (CA %s)\n", s.URL(), s.CAFile())
	return err
}

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
