package bot

import "context"

type aboutKey struct{}

// about ties a context to a hunt, for the lines that are logged with it.
func about(ctx context.Context, huntID string) context.Context {
	return context.WithValue(ctx, aboutKey{}, huntID)
}

// HuntOf is the hunt that a context is about; empty when it is about none.
func HuntOf(ctx context.Context) string {
	id, _ := ctx.Value(aboutKey{}).(string)
	return id
}
