// Command footprint hunts network indicators on Microsoft Sentinel, from Slack
// and from the terminal.
//
// It turns flags and environment into structs, wires the parts and decides
// exit codes. It holds no rule of the business.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Exit codes of the contract.
const (
	exitAnswered     = 0 // hit or clean
	exitFailed       = 1
	exitUsage        = 2
	exitCouldNotTell = 3
)

// usageError is what the person at the terminal typed wrong.
type usageError struct{ sentence string }

func (e usageError) Error() string { return e.sentence }

// askedHelp is the usage that somebody asked for: no mistake.
type askedHelp struct{ usage string }

func (e askedHelp) Error() string { return e.usage }

// couldNotTell ends with exit code 3; the answer is printed already.
type couldNotTell struct{}

func (couldNotTell) Error() string { return "could not tell" }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// subcommand is one verb of the command line.
type subcommand struct {
	name  string
	usage string
	does  string
	run   func(ctx context.Context, p process, args []string) error
}

// process is what a subcommand may touch of the world around it.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string
	clock          func() time.Time
}

func subcommands() []subcommand {
	return []subcommand{
		{"serve", "", "run the bot; configuration comes from the environment", serve},
		{"demo", "[--listen 127.0.0.1:8080] [--source workspace|defender] [--events DIR [--zone ZONE] [--dates day-first|month-first]] [--no-browser]", "everything local, nothing to configure", demo},
		{"hunt", "[--events DIR [--as-of TIME] [--zone ZONE] [--dates day-first|month-first]] [--format table|json|csv|kql] [--hunt NAME] [--timeout 2m] ip=… dns=… file=…", "run one hunt", hunt},
		{"extract", "[--format table|json] [--files] [--emails] < text", "find the indicators in a text", extract},
		{"sweep", "[--events DIR [--as-of TIME] [--zone ZONE] [--dates day-first|month-first]] --watchlist FILE [--format table|json] [since=…]", "hunt a whole watchlist once", sweepOnce},
		{"workspace", "--events DIR [--as-of TIME] [--zone ZONE] [--dates day-first|month-first] [--listen 127.0.0.1:0]", "serve exported events as a Log Analytics workspace and as Defender XDR", workspace},
		{"check", "[--format table|json]", "say what works and what is missing before serve", check},
		{"audit", "[--since 24h] [--verify] [--find TEXT]", "print the audit log as JSON lines, or verify its chain", audit},
		{"verify", "[--key KEY] FILE", "check an evidence bundle, and say what that proves", verify},
		{"version", "", "print the version", version},
	}
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := process{stdin: os.Stdin, stdout: stdout, stderr: stderr, env: os.Environ(), clock: time.Now}
	return p.run(ctx, args)
}

func (p process) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		help(p.stderr)
		return exitUsage
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		help(p.stdout)
		return exitAnswered
	}
	for _, c := range subcommands() {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, p, args[1:])
		var usage usageError
		var asked askedHelp
		switch {
		case err == nil:
			return exitAnswered
		case errors.As(err, &asked):
			fmt.Fprintln(p.stdout, asked.usage)
			return exitAnswered
		case errors.As(err, &couldNotTell{}):
			return exitCouldNotTell
		case errors.As(err, &usage):
			fmt.Fprintln(p.stderr, "footprint "+c.name+": "+usage.sentence)
			return exitUsage
		case ctx.Err() != nil && errors.Is(err, context.Canceled):
			return exitFailed
		default:
			fmt.Fprintln(p.stderr, "footprint "+c.name+": "+err.Error())
			return exitFailed
		}
	}
	fmt.Fprintf(p.stderr, "footprint: unknown command %q; known: %s\n", args[0], strings.Join(names(), ", "))
	return exitUsage
}

func names() []string {
	var out []string
	for _, c := range subcommands() {
		out = append(out, c.name)
	}
	return out
}

func help(w io.Writer) {
	fmt.Fprint(w, "footprint: which of our endpoints, through which process, talked to this address, domain or file?\n\n")
	for _, c := range subcommands() {
		fmt.Fprintf(w, "  footprint %-9s %s\n  %20s%s\n", c.name, c.usage, "", c.does)
	}
}
