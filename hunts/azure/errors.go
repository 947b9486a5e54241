package azure

import (
	"context"
	"errors"
	"net"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/footprint-soc/footprint/hunts"
)

// Cancelled is what a query ends with that was stopped.
func Cancelled(err error) error {
	return &hunts.Error{Kind: hunts.KindCancelled, Say: "the query was stopped before it was answered", Err: err}
}

// Service is who is asked, in the words of its errors: "the workspace".
type Service string

// Translate turns the errors of every Azure service into ours: login, network,
// time. What a service itself refused is told by refusal.
func (s Service) Translate(err error, refusal func(*azcore.ResponseError) error) error {
	var known *hunts.Error
	if errors.As(err, &known) {
		return known
	}
	var resp *azcore.ResponseError
	if errors.As(err, &resp) {
		return refusal(resp)
	}
	var login *azidentity.AuthenticationFailedError
	var required *azidentity.AuthenticationRequiredError
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &hunts.Error{Kind: hunts.KindTimeout, Say: "the query took longer than we wait", Hint: "Ask for a shorter window.", Err: err}
	case errors.Is(err, context.Canceled):
		return Cancelled(err)
	case errors.As(err, &login), errors.As(err, &required), isCredentialUnavailable(err):
		// the vendor's text may hold tenant and client ids, never a secret; it goes to the log only
		return &hunts.Error{Kind: hunts.KindNoLogin, Say: "our Azure login does not work", Hint: "An operator should run footprint check.", Err: err}
	case errors.As(err, &network) && network.Timeout():
		return &hunts.Error{Kind: hunts.KindTimeout, Say: "the query took longer than we wait", Hint: "Ask for a shorter window.", Err: err}
	case errors.As(err, &network):
		return &hunts.Error{Kind: hunts.KindUnavailable, Say: string(s) + " can't be reached", Err: err}
	}
	return &hunts.Error{Kind: hunts.KindUnavailable, Say: string(s) + " did not answer properly", Err: err}
}

// Unread tells what failed after an answer began: the network or the service,
// not the login, although azcore wraps both alike.
func (s Service) Unread(ctx context.Context, kept *Body, err error) error {
	var resp *azcore.ResponseError
	var known *hunts.Error
	switch {
	case err == nil, !kept.arrived, ctx.Err() != nil, errors.As(err, &resp), errors.As(err, &known):
		return err
	case errors.Is(err, errTooLarge):
		return &hunts.Error{Kind: hunts.KindUnavailable, Say: string(s) + "'s answer is larger than any that it may send", Hint: "Ask for a shorter window.", Err: err}
	}
	return &hunts.Error{Kind: hunts.KindUnavailable, Say: string(s) + "'s answer broke off, or could not be read", Hint: "Try again in a minute.", Err: err}
}

// isCredentialUnavailable knows the error of a chain of which no login applies;
// its type is internal to azidentity.
func isCredentialUnavailable(err error) bool {
	var unavailable interface{ NonRetriable() }
	return errors.As(err, &unavailable)
}
