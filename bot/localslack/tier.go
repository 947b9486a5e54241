package localslack

import "time"

// tierOf is how many calls a minute Slack promises of each method
// (docs.slack.dev/apis/web-api/rate-limits and the pages of the methods). A post
// counts by its channel.
var tierOf = map[string]int{
	"chat.postMessage": 60, "chat.postEphemeral": 100, "chat.update": 50, "chat.delete": 50, "chat.getPermalink": 600,
	"conversations.info": 50, "conversations.history": 50, "conversations.replies": 50, "conversations.members": 100, "conversations.open": 50,
	"users.info": 100, "usergroups.users.list": 20, "team.info": 50, "bots.info": 50, "auth.test": 600,
	"reactions.add": 50, "reactions.remove": 20, "reactions.get": 50,
	"files.getUploadURLExternal": 100, "files.completeUploadExternal": 100, "files.info": 100, "files.delete": 50,
	"views.open": 100, "views.push": 100, "views.update": 100, "views.publish": 100,
	"apps.connections.open": 1,
}

// tierBurst is how many calls beyond the promise pass in one go: Slack tolerates
// bursts and names no number.
const tierBurst = 10

// overLimit counts a call against its tier, and tells how long to wait when there
// were too many. The caller holds mu.
func (w *Workspace) overLimit(method, channel string) time.Duration {
	perMinute, counted := tierOf[method]
	if !w.cfg.Limits || !counted {
		return 0
	}
	bucket := method
	if method == "chat.postMessage" {
		bucket += " " + channel
	}
	every := time.Minute / time.Duration(perMinute)
	now := w.cfg.Clock()
	// the time at which the bucket is empty again, if nothing more comes
	empty := w.buckets[bucket]
	if empty.Before(now) {
		empty = now
	}
	if ahead := empty.Sub(now); ahead > tierBurst*every {
		return max(time.Second, (ahead - tierBurst*every).Round(time.Second))
	}
	w.buckets[bucket] = empty.Add(every)
	return 0
}
