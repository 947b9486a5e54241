package azure

import (
	"strings"
	"testing"
)

func TestEachKindOfCredentialIsMadeOrSaysWhatItLacks(t *testing.T) {
	for _, name := range []string{"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	for _, kind := range CredentialKinds {
		cred, err := NewCredential(kind, "https://login.microsoftonline.us/", "")
		switch {
		case kind == "none" && (cred != nil || err != nil):
			t.Errorf("none: %v, %v", cred, err)
		case err != nil && !strings.Contains(err.Error(), kind):
			t.Errorf("%s: %v", kind, err)
		case kind != "none" && err == nil && cred == nil:
			t.Errorf("%s: no credential and no error", kind)
		}
	}
	if _, err := NewCredential("password", "", ""); err == nil || !strings.Contains(err.Error(), "workload-identity") {
		t.Errorf("an unknown kind: %v", err)
	}
}
