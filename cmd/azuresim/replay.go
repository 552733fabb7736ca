package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/capaks/capaks/azuresim/replay"
)

// errDifferent ends the program with 1: everything worked, but the emulator answers otherwise than Azure did.
var errDifferent = errors.New("there are differences that nobody has accepted")

// unreadable ends the program with 2: nothing could be compared.
type unreadable struct{ error }

// exitCode is what a script can tell apart.
func exitCode(err error) int {
	if errors.As(err, &unreadable{}) {
		return 2
	}
	return 1
}

type replayFlags struct {
	output, accept string
	types          bool
}

func replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Compare the emulator with recordings of Azure",
		Long: "Send the requests of each recording to a fresh emulator, in order, and compare status, headers and bodies with what Azure answered. " +
			"Ends with 0 when every difference is accepted, 1 when one is not, 2 when a file cannot be read.",
		Args: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 {
				return unreadable{errors.New("replay needs at least one recording; see azuresim replay --help")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error { return runReplay(cmd, f, files) },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return unreadable{err} })
	cmd.Flags().StringVarP(&f.output, "output", "o", "text", "text or json")
	cmd.Flags().StringVar(&f.accept, "accept", "", "file of accepted differences instead of the emulator's own list")
	cmd.Flags().BoolVar(&f.types, "types", false, "only say how many exchanges of each resource type are equal")
	return cmd
}

func runReplay(cmd *cobra.Command, f replayFlags, files []string) error {
	if f.output != "text" && f.output != "json" {
		return unreadable{fmt.Errorf("--output is text or json, not %q", f.output)}
	}
	known, err := replay.DefaultAccepted()
	if f.accept != "" {
		known, err = replay.ReadAccepted(f.accept)
	}
	if err != nil {
		return unreadable{err}
	}
	report, err := replay.Files(cmd.Context(), known, files)
	if err != nil {
		return unreadable{err}
	}
	write := report.Text
	switch {
	case f.types:
		write = report.Types
	case f.output == "json":
		write = report.JSON
	}
	if err := write(cmd.OutOrStdout()); err != nil {
		return err
	}
	if report.Different > 0 {
		return errDifferent
	}
	return nil
}
