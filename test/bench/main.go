// Command bench measures the provider in sandboxes: how soon it asks Azure for a cluster, how late it notices that Azure
// is done, what it costs in requests, memory and processor time. `make bench` runs it; docs/benchmark.md explains it.
//
// It must not judge: every figure is a difference or a count of one run, and the exit status only tells whether the
// figures could be taken.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/capaks/capaks/internal/sandbox"
)

type options struct {
	bin, out   string
	operations []time.Duration
	idle       time.Duration
	clusters   int
}

func main() {
	var o options
	operations := flag.String("operations", "30s,100s", "lengths of AKS operations; the first one also applies to the fleet")
	quick := flag.Bool("quick", false, "shorter operations and a shorter idle window: under four minutes, to compare two builds")
	flag.StringVar(&o.bin, "bin", "bin", "directory of the built binaries")
	flag.StringVar(&o.out, "out", "out/bench.json", "where to write the figures as JSON")
	flag.DurationVar(&o.idle, "idle", 6*time.Minute, "how long to watch a fleet that has nothing to do")
	flag.IntVar(&o.clusters, "clusters", 10, "clusters of the fleet, three pools each")
	flag.Parse()
	if *quick {
		*operations, o.idle = "5s,15s", time.Minute
	}
	if err := o.parse(*operations); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: could not measure:", err)
		os.Exit(1)
	}
}

func (o *options) parse(operations string) error {
	for _, text := range strings.Split(operations, ",") {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return fmt.Errorf("-operations %q: %q is not a positive duration such as 30s", operations, text)
		}
		o.operations = append(o.operations, d)
	}
	if o.clusters < 1 || o.idle <= 0 {
		return fmt.Errorf("-clusters %d and -idle %s must be positive", o.clusters, o.idle)
	}
	return nil
}

// run plays the first story alone, then lets the fleet idle while the stories with longer operations play in sandboxes
// of their own: an idle manager is not disturbed by them, and half the time is saved.
func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "capaks-bench-")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(dir)
			return
		}
		err = fmt.Errorf("%w (logs are in %s)", err, dir)
	}()
	r := &results{Started: time.Now().UTC(), Machine: machine(), Idle: o.idle.String()}
	first, err := open(ctx, o, dir, o.operations[0])
	if err != nil {
		return err
	}
	defer first.close(&err)
	if r.CRDs, err = first.countCRDs(ctx); err != nil {
		return err
	}
	story, err := first.playStory(ctx)
	if err != nil {
		return err
	}
	r.Stories = append(r.Stories, story)
	group, groupCtx := errgroup.WithContext(ctx)
	longer := make([]*storyResult, len(o.operations)-1)
	idling := make(chan struct{})
	group.Go(func() error {
		var err error
		r.Fleet, err = first.measureFleet(groupCtx, o, func() { close(idling) })
		return err
	})
	group.Go(func() error {
		select {
		case <-idling:
		case <-groupCtx.Done():
			return nil // the fleet tells why
		}
		return playLonger(groupCtx, o, dir, longer)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	r.Stories = append(r.Stories, longer...)
	r.Took = time.Since(r.Started).Round(time.Second).String()
	return r.publish(o.out)
}

func playLonger(ctx context.Context, o options, dir string, into []*storyResult) (err error) {
	for i, length := range o.operations[1:] {
		p, err := open(ctx, o, dir, length)
		if err != nil {
			return err
		}
		into[i], err = p.playStory(ctx)
		p.close(&err)
		if err != nil {
			return err
		}
	}
	return nil
}

// plane is one sandbox with what is needed to look into it.
type plane struct {
	*sandbox.Sandbox
	length time.Duration // of AKS operations
	azure  *azure
	seen   *timeline
	stop   context.CancelFunc
}

// open starts a sandbox whose AKS operations take the given time, and the watches on it.
func open(ctx context.Context, o options, dir string, length time.Duration) (*plane, error) {
	progress("sandbox with operations of %s", length)
	box, err := sandbox.Up(ctx, sandbox.Options{
		Dir: filepath.Join(dir, "operations-"+length.String()), BinDir: o.bin,
		AzureSimArgs: []string{fmt.Sprintf("--durations=managedCluster=%s,agentPool=%s", length, length)},
	})
	if err != nil {
		return nil, err
	}
	p := &plane{Sandbox: box, length: length}
	watchCtx, stop := context.WithCancel(ctx)
	p.stop = stop
	if p.azure, err = openAzure(watchCtx, box); err == nil {
		p.seen, err = openTimeline(watchCtx, box)
	}
	if err != nil {
		p.close(&err)
		return nil, err
	}
	return p, nil
}

// close ends the sandbox, also when ctx has ended; err keeps what went wrong before.
func (p *plane) close(err *error) {
	p.stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	*err = errors.Join(*err, p.Down(ctx))
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
