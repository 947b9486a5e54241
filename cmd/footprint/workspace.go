package main

import (
	"context"
	"fmt"

	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// workspace serves exported events as the Log Analytics query API, and as the
// advanced hunting of Defender XDR.
func workspace(ctx context.Context, p process, args []string) error {
	f := newFlags("workspace")
	exported := f.exports()
	listen := f.String("listen", "127.0.0.1:0", "address to listen on")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 || *exported.path == "" {
		return usageError{f.summary()}
	}
	loaded, err := exported.load(ctx, nil, p.stderr)
	if err != nil {
		return err
	}
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{localWorkspaceID: loaded}, Clock: standing(exported.now(loaded, p.clock))})
	url, err := server.Start(ctx, *listen)
	if err != nil {
		return fmt.Errorf("serving the events: %w", err)
	}
	defer server.Close()
	fmt.Fprintf(p.stdout, "AZURE_LOGS_ENDPOINT=%s\nAZURE_LOGS_WORKSPACE=%s\nFOOTPRINT_AZURE_CREDENTIAL=none\n", url, localWorkspaceID)
	fmt.Fprintf(p.stdout, "# the same events as Defender XDR, instead of the workspace or beside it:\nDEFENDER_XDR=xdr\nDEFENDER_XDR_ENDPOINT=%s\n", url)
	<-ctx.Done()
	return nil
}
