package record

import (
	"context"
	"encoding/json"
	"time"
)

// ChangeJSON is UpdateDoc for a caller that knows the Store by an interface,
// which can't have type parameters. stored is nil when there is no document.
func (s *Store) ChangeJSON(ctx context.Context, name string, ttl time.Duration, change func(stored json.RawMessage) (json.RawMessage, error)) error {
	return UpdateDoc(ctx, s, name, ttl, func(v *json.RawMessage) error {
		out, err := change(*v)
		*v = out
		return err
	})
}
