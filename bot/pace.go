package bot

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"
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

// lane is what Slack counts together: the posts to one channel, elsewhere the
// calls of one method (docs.slack.dev/apis/web-api/rate-limits).
type lane struct {
	name      string
	perMinute float64 // 0 is not paced
	post      bool
	later     bool // gives way to the other posts of its channel
	counted   bool // not held to its rate before Slack asks for it; what can be left out is
}

var (
	unpaced = lane{} // a response_url
	// tier 3, "50+ per minute": a floor, and an answer that waits for it comes minutes
	// late in a busy hour. Progress keeps to it; when answers are too many for Slack
	// it says so, and Retry-After holds them all.
	updates   = lane{name: "update", perMinute: 50, counted: true}
	removals  = lane{name: "delete", perMinute: 50}                     // tier 3
	reactions = lane{name: "reaction", perMinute: 50}                   // tier 3
	readings  = lane{name: "history", perMinute: 50}                    // tier 3
	lookups   = lane{name: "users.info", perMinute: 100, counted: true} // tier 4, a floor as well
	whispers  = lane{name: "whisper", perMinute: 100}                   // tier 4
	// chat.getPermalink has a rate of its own
	permalinks = lane{name: "permalink", perMinute: 600}
	uploads    = lane{name: "upload", perMinute: 100, counted: true} // tier 4, likewise: a file that waits holds up its hunt
)

// postsTo is the lane of chat.postMessage: one message a second to each channel.
func postsTo(channel string) lane { return lane{name: "post " + channel, perMinute: 60, post: true} }

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

func (p *pace) limiter(l lane) *rate.Limiter {
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
func (p *pace) wait(ctx context.Context, l lane) error {
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
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// turn waits for the place of a call in its lane.
func (p *pace) turn(ctx context.Context, l lane) error {
	if l.counted {
		p.limiter(l).Allow()
		return ctx.Err()
	}
	if !l.post {
		return p.limiter(l).Wait(ctx)
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
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func (p *pace) waiting(l lane, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first[l.name] += n; p.first[l.name] == 0 {
		delete(p.first, l.name)
	}
}

// take uses up the place of one post, or tells how long to wait before the next
// try.
func (p *pace) take(l lane) time.Duration {
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

func (p *pace) until(l lane) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[l.name]
}

// hold keeps a lane from sending, as Retry-After says.
func (p *pace) hold(l lane, forHow time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(min(forHow, maxPause)); until.After(p.held[l.name]) {
		p.held[l.name] = until
	}
}

// spare tells that a call which could as well be left out takes no turn from one
// that could not.
func (p *pace) spare(l lane) bool {
	have := p.limiter(l)
	return have.Tokens() >= float64(have.Burst())/2 && !time.Now().Before(p.until(l))
}

// call keeps to Slack's pace and repeats what is worth repeating. What Slack asks
// one call to wait holds up every call of its lane.
func (b *Bot) call(ctx context.Context, l lane, do func() error) error {
	for attempt := 1; ; attempt++ {
		if err := b.pace.wait(ctx, l); err != nil {
			return err
		}
		err := do()
		if err == nil {
			return nil
		}
		var limited *slack.RateLimitedError
		if errors.As(err, &limited) {
			b.pace.hold(l, limited.RetryAfter)
		}
		pause, again := worthRepeating(err, attempt)
		if !again {
			return err
		}
		b.cfg.Log.InfoContext(ctx, "slack call tried again", "lane", l.name, "attempt", attempt, "pause", pause, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func worthRepeating(err error, attempt int) (time.Duration, bool) {
	if attempt >= tries || errors.Is(err, context.Canceled) {
		return 0, false
	}
	backoff := 500 * time.Millisecond << (attempt - 1)
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		return limited.RetryAfter, limited.RetryAfter <= maxPause
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		// a 429 without Retry-After comes as a plain status
		return backoff, status.Code == 429 || status.Code >= 500
	}
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) {
		switch answer.Err {
		case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited":
			return backoff, true
		}
		return 0, false
	}
	return backoff, unknownOutcome(err)
}

// unknownOutcome tells that the call may have worked although it looks failed.
func unknownOutcome(err error) bool {
	if err == nil {
		return false
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		return status.Code >= 500
	}
	var network net.Error
	var wrapped *url.Error
	return errors.As(err, &network) || errors.As(err, &wrapped) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
