// Command capaks is the command line of the Cluster API provider for AKS.
package main

import (
	"os"

	"github.com/capaks/capaks/internal/cli"
)

func main() { os.Exit(cli.Main()) }
