package sdk_test

import (
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/kubernetesconfiguration/armkubernetesconfiguration/v2"

	"github.com/capaks/capaks/azuresim"
)

// An extension is installed in a cluster, configured and removed.
func TestExtension(t *testing.T) {
	a := start(t, azuresim.Options{})
	defer a.end()
	ctx := t.Context()
	a.cluster()
	extensions := client(a, armkubernetesconfiguration.NewExtensionsClient)
	const provider, types, name = "Microsoft.ContainerService", "managedClusters", "flux"
	installed := done(extensions.BeginCreate(ctx, groupName, provider, types, clusterName, name, armkubernetesconfiguration.Extension{Properties: &armkubernetesconfiguration.ExtensionProperties{
		ExtensionType: to.Ptr("microsoft.flux"), AutoUpgradeMinorVersion: to.Ptr(true), ConfigurationSettings: map[string]*string{"a": to.Ptr("1")},
		ConfigurationProtectedSettings: map[string]*string{"password": to.Ptr("secret")},
	}}, nil))
	equal(a, "state", installed.Properties.ProvisioningState, armkubernetesconfiguration.ProvisioningStateSucceeded)
	equal(a, "protected setting", installed.Properties.ConfigurationProtectedSettings["password"], "")
	changed := done(extensions.BeginUpdate(ctx, groupName, provider, types, clusterName, name, armkubernetesconfiguration.PatchExtension{Properties: &armkubernetesconfiguration.PatchExtensionProperties{
		ConfigurationSettings: map[string]*string{"a": to.Ptr("2")},
	}}, nil))
	equal(a, "setting", changed.Properties.ConfigurationSettings["a"], "2")
	if listed := all(extensions.NewListPager(groupName, provider, types, clusterName, nil), func(p armkubernetesconfiguration.ExtensionsClientListResponse) []*armkubernetesconfiguration.Extension {
		return p.Value
	}); len(listed) != 1 {
		t.Errorf("%d extensions, want 1", len(listed))
	}
	done(extensions.BeginDelete(ctx, groupName, provider, types, clusterName, name, nil))
	_, err := extensions.Get(ctx, groupName, provider, types, clusterName, name, nil)
	a.refused(err, http.StatusNotFound, "ResourceNotFound")
}
