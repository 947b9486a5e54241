package record

import (
	"bufio"
	"context"
	"strings"
)

// Info is what a Redis says of itself. Mode is standalone, cluster or
// sentinel; fields that it does not tell are empty.
type Info struct {
	Version     string
	Mode        string
	Persistence string // "aof", "rdb" or "none"
	Eviction    string // maxmemory-policy
	InMemory    bool
}

// Info asks for version, persistence and eviction.
func (s *Store) Info(ctx context.Context) (Info, error) {
	if s.local != nil {
		return Info{Version: "in-process", Mode: "standalone", Persistence: "none", Eviction: "noeviction", InMemory: true}, nil
	}
	text, err := s.db.Info(ctx).Result()
	if err != nil {
		return Info{}, gone(err)
	}
	fields := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if k, v, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":"); ok {
			fields[k] = v
		}
	}
	info := Info{Version: fields["redis_version"], Mode: fields["redis_mode"], Eviction: fields["maxmemory_policy"], Persistence: "none"}
	switch {
	case fields["aof_enabled"] == "1":
		info.Persistence = "aof"
	case fields["rdb_last_save_time"] != "" && fields["rdb_saves"] != "0":
		info.Persistence = "rdb"
	}
	return info, nil
}
