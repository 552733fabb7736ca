package sandbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// FollowOptions says where to show progress and how long to wait.
type FollowOptions struct {
	Out io.Writer
	// Timeout ends Follow with an error that says what is missing; 0 waits for ever.
	Timeout time.Duration
}

// followInterval is how often progress is read: often enough to look alive, rarely enough not to be load.
const followInterval = 500 * time.Millisecond

// Follow shows what becomes of the applied files, as a tree redrawn in place on a terminal and as one line per change elsewhere. It returns
// nil when every applied Cluster is Available and all its MachinePools are Running, and a *CrashError when a component ends meanwhile.
// When ctx ends first, its error is returned.
func (s *Sandbox) Follow(ctx context.Context, o FollowOptions) error {
	wanted, err := expect(s.options.Files)
	if err != nil {
		return err
	}
	observer, err := s.newObserver()
	if err != nil {
		return err
	}
	began := time.Now()
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	show := displayOn(o.Out)
	tick := time.NewTicker(followInterval)
	defer tick.Stop()
	for {
		v := observer.observe(ctx)
		missing := v.missing(wanted)
		if ctx.Err() == nil {
			show(v, time.Since(began))
			if v.trouble == "" && len(missing) == 0 {
				return nil
			}
		}
		select {
		case crash := <-s.crashed:
			return crash
		case <-ctx.Done():
			if o.Timeout > 0 && time.Since(began) >= o.Timeout {
				return fmt.Errorf("not done after %s:\n  %s", o.Timeout, strings.Join(missing, "\n  "))
			}
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// display shows one view after the other.
type display func(v view, elapsed time.Duration)

// displayOn chooses the display that suits what is written to.
func displayOn(out io.Writer) display {
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return treeDisplay(out, func() (int, int) {
			width, height, err := term.GetSize(int(file.Fd()))
			if err != nil || width <= 0 || height <= 0 { // a pseudo-terminal that nobody gave a size
				return 80, 24
			}
			return width, height
		})
	}
	return lineDisplay(out)
}

// treeDisplay redraws in place: back to the first line of the last tree, and everything below it away.
func treeDisplay(out io.Writer, size func() (width, height int)) display {
	drawn := 0
	return func(v view, elapsed time.Duration) {
		width, height := size()
		// A tree higher than the terminal cannot be drawn over: nodes go first.
		tree := v.tree(elapsed, width, 10)
		for nodes := 5; strings.Count(tree, "\n") >= height && nodes >= 0; nodes-- {
			tree = v.tree(elapsed, width, nodes)
		}
		if lines := strings.SplitAfter(tree, "\n"); len(lines) > height && height > 1 {
			tree = strings.Join(lines[:height-1], "")
		}
		if drawn > 0 {
			tree = fmt.Sprintf("\x1b[%dA\x1b[J", drawn) + tree
		}
		_, _ = io.WriteString(out, tree) // a terminal that is gone has nobody to tell
		drawn = strings.Count(tree, "\n")
	}
}

// lineDisplay writes a line for each fact that is new or has changed, with the time since the start.
func lineDisplay(out io.Writer) display {
	last := map[fact]bool{}
	return func(v view, elapsed time.Duration) {
		now := map[fact]bool{}
		for _, f := range v.facts() {
			now[f] = true
			if !last[f] {
				_, _ = fmt.Fprintf(out, "%6s  %s: %s\n", elapsed.Round(time.Second), f.about, f.text)
			}
		}
		last = now
	}
}
