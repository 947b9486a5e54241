package record

import "context"

// bundleKey is where the key that signs evidence bundles is kept, beside the audit:
// for ever, since bundles are verified for as long.
const bundleKey = "bundle-key"

// BundleKey keeps the key that signs evidence bundles unless there is one already,
// and gives the one that is kept: several replicas sign with the same. With nothing
// made it only reads, and gives nothing where no replica has started yet.
func (s *Store) BundleKey(ctx context.Context, made string) (string, error) {
	name := s.keys.forever(bundleKey)
	if made != "" {
		if err := s.db.SetNX(ctx, name, made, 0).Err(); err != nil {
			return "", gone(err)
		}
	}
	kept, err := s.db.Get(ctx, name).Result()
	return kept, gone(err)
}
