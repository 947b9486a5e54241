// Package azure is what the sources on Azure share: the login, the line in which
// queries wait for their turn, trying again, answers of a bounded size, and the
// errors that every service may give.
//
// It knows no service: what a query and its answer look like is for
// hunts/loganalytics and hunts/defender.
package azure

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// CredentialKinds are the values of FOOTPRINT_AZURE_CREDENTIAL.
var CredentialKinds = []string{"default", "environment", "workload-identity", "managed-identity", "cli", "none"}

// NewCredential makes the credential of a kind; "none" gives nil, for a local
// workspace. authority names the login host of a sovereign cloud, empty for
// the public one. azidentity reads its own AZURE_* variables.
func NewCredential(kind, authority, clientID string) (azcore.TokenCredential, error) {
	options := policy.ClientOptions{}
	if authority != "" {
		options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: authority}
	}
	var cred azcore.TokenCredential
	var err error
	switch kind {
	case "", "default":
		cred, err = azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options})
	case "environment":
		cred, err = azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: options})
	case "workload-identity":
		cred, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: options})
	case "managed-identity":
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if clientID != "" {
			o.ID = azidentity.ClientID(clientID)
		}
		cred, err = azidentity.NewManagedIdentityCredential(o)
	case "cli":
		cred, err = azidentity.NewAzureCLICredential(nil)
	case "none":
		return nil, nil
	default:
		return nil, fmt.Errorf("%q is not a kind of credential; known are %v", kind, CredentialKinds)
	}
	if err != nil {
		return nil, fmt.Errorf("setting up the Azure login %q: %w", kind, err)
	}
	return cred, nil
}
