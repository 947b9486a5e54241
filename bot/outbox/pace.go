package outbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"github.com/footprint-soc/footprint/hunts"
)

const (
	// tries of one call to Slack, and the longest Retry-After that is waited out
	// within the job; beyond it the job is tried again later.
	tries    = 5
	maxPause = 30 * time.Second
	// methodBurst is how many calls of one method go out at once before its pace
	// begins; Slack tolerates bursts and names no number.
	methodBurst = 20
	// ahead is how far a post may run ahead of its channel's pace: the first sign
	// of life of a hunt is worth more than an even flow. What gives way pays for it.
	ahead = 3 * time.Second
)

// Lane is what Slack counts together: the posts to one channel, elsewhere the
// calls of one method (docs.slack.dev/apis/web-api/rate-limits).
type Lane struct {
	name      string
	perMinute float64 // 0 is not paced
	post      bool
	later     bool // gives way to the other posts of its channel
	counted   bool // not held to its rate before Slack asks for it; what can be left out is
}

var (
	// Unpaced is for what Slack does not count, such as a response_url.
	Unpaced = Lane{}
	// tier 3, "50+ per minute": a floor, and an answer that waits for it comes minutes
	// late in a busy hour. Progress keeps to it; when answers are too many for Slack
	// it says so, and Retry-After holds them all.
	updates   = Lane{name: "update", perMinute: 50, counted: true}
	removals  = Lane{name: "delete", perMinute: 50}                     // tier 3
	Reactions = Lane{name: "reaction", perMinute: 50}                   // tier 3
	Readings  = Lane{name: "history", perMinute: 50}                    // tier 3
	Lookups   = Lane{name: "users.info", perMinute: 100, counted: true} // tier 4, a floor as well
	whispers  = Lane{name: "whisper", perMinute: 100}                   // tier 4
	// chat.getPermalink has a rate of its own
	Permalinks = Lane{name: "permalink", perMinute: 600}
	uploads    = Lane{name: "upload", perMinute: 100, counted: true} // tier 4, likewise: a file that waits holds up its hunt
)

// postsTo is the lane of chat.postMessage: one message a second to each channel.
func postsTo(channel string) Lane { return Lane{name: "post " + channel, perMinute: 60, post: true} }

// pace keeps each lane to its rate.
type pace struct {
	mu    sync.Mutex
	lanes map[string]*rate.Limiter
	held  map[string]time.Time
	first map[string]int // how many posts wait that others give way to
	burst int            // of the posts to one channel
}

func newPace(burst int) *pace {
	return &pace{lanes: map[string]*rate.Limiter{}, held: map[string]time.Time{}, first: map[string]int{}, burst: burst}
}

func (p *pace) limiter(l Lane) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	have, ok := p.lanes[l.name]
	if !ok {
		burst := max(methodBurst, p.burst)
		if l.post {
			burst = p.burst
		}
		have = rate.NewLimiter(rate.Limit(l.perMinute/60), burst)
		p.lanes[l.name] = have
	}
	return have
}

// wait returns when a call of the lane may go out.
func (p *pace) wait(ctx context.Context, l Lane) error {
	if l.perMinute == 0 {
		return ctx.Err()
	}
	if err := p.turn(ctx, l); err != nil {
		return err
	}
	for {
		left := time.Until(p.until(l))
		if left <= 0 {
			return nil
		}
		if !hunts.Pause(ctx, left) {
			return ctx.Err()
		}
	}
}

// turn waits for the place of a call in its lane.
func (p *pace) turn(ctx context.Context, l Lane) error {
	if l.counted {
		p.limiter(l).Allow()
		return ctx.Err()
	}
	if !l.post {
		r := p.limiter(l).Reserve()
		if d := r.Delay(); d > 0 && !hunts.Pause(ctx, d) {
			r.Cancel()
			return ctx.Err()
		}
		return ctx.Err()
	}
	if !l.later {
		p.waiting(l, 1)
		defer p.waiting(l, -1)
	}
	for {
		pause := p.take(l)
		if pause <= 0 {
			return ctx.Err()
		}
		if !hunts.Pause(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (p *pace) waiting(l Lane, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first[l.name] += n; p.first[l.name] == 0 {
		delete(p.first, l.name)
	}
}

// take uses up the place of one post, or tells how long to wait before the next
// try.
func (p *pace) take(l Lane) time.Duration {
	limiter := p.limiter(l)
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.later && p.first[l.name] > 0 {
		return time.Duration(float64(time.Second) / float64(limiter.Limit()))
	}
	r := limiter.Reserve()
	pause := r.Delay()
	if !l.later {
		pause -= ahead
	}
	if pause > 0 {
		r.Cancel()
	}
	return pause
}

func (p *pace) until(l Lane) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[l.name]
}

// hold keeps a lane from sending, as Retry-After says.
func (p *pace) hold(l Lane, forHow time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(min(forHow, maxPause)); until.After(p.held[l.name]) {
		p.held[l.name] = until
	}
}

// spare tells that a call which could as well be left out takes no turn from one
// that could not.
func (p *pace) spare(l Lane) bool {
	have := p.limiter(l)
	return have.Tokens() >= float64(have.Burst())/2 && !time.Now().Before(p.until(l))
}

// Call keeps to Slack's pace and repeats what is worth repeating. What Slack asks
// one call to wait holds up every call of its lane.
func (o *Outbox) Call(ctx context.Context, l Lane, do func() error) error {
	for attempt := 1; ; attempt++ {
		if err := o.pace.wait(ctx, l); err != nil {
			return err
		}
		err := do()
		if err == nil {
			return nil
		}
		if SignedOut(err) {
			o.cfg.SignedOut(err)
			return errSignedOut(err)
		}
		var limited *slack.RateLimitedError
		if errors.As(err, &limited) {
			o.pace.hold(l, limited.RetryAfter)
		}
		pause, again := WorthRepeating(err, attempt)
		if !again {
			return err
		}
		o.cfg.Log.InfoContext(ctx, "slack call tried again", "lane", l.name, "attempt", attempt, "pause", pause, "error", err)
		if !hunts.Pause(ctx, pause) {
			return ctx.Err()
		}
	}
}
