// Package cli is the capaks command line: it turns flags into calls and results into text. What a command does is decided in the
// packages it calls; a command must not talk to Azure or to a management cluster on a path of its own.
package cli
