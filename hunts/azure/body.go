package azure

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// MaxBody bounds what is read of one answer: azcore reads a whole body into
// memory, and the services give out about 100 MB at most.
const MaxBody = 128 << 20

// Body is the body of an answer, kept for a second reading.
type Body struct {
	Data    []byte
	arrived bool // an answer began: what fails from then on is no matter of the login
}

type bodyKey struct{}

// Keep gives a context whose answer is kept.
func Keep(ctx context.Context) (context.Context, *Body) {
	kept := &Body{}
	return context.WithValue(ctx, bodyKey{}, kept), kept
}

// KeepBody is the policy that keeps the body of each answer.
type KeepBody struct{}

// Do passes the request on.
func (KeepBody) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err != nil {
		return resp, err
	}
	if kept, ok := req.Raw().Context().Value(bodyKey{}).(*Body); ok {
		kept.Data, err = runtime.Payload(resp)
	}
	return resp, err
}

// Bounded reads no more than MaxBody of an answer. A nil transport is the
// default one.
func Bounded(next policy.Transporter) policy.Transporter {
	if next == nil {
		next = &http.Client{Transport: http.DefaultTransport}
	}
	return boundedTransport{next}
}

type boundedTransport struct{ next policy.Transporter }

// Do marks that an answer began.
func (t boundedTransport) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.next.Do(req)
	if err != nil {
		return nil, err
	}
	if kept, ok := req.Context().Value(bodyKey{}).(*Body); ok {
		kept.arrived = true
	}
	resp.Body = &boundedBody{body: resp.Body, left: MaxBody}
	return resp, nil
}

var errTooLarge = fmt.Errorf("the answer is larger than %d MB", MaxBody>>20)

type boundedBody struct {
	body io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	return n, err
}

func (b *boundedBody) Close() error { return b.body.Close() }
