package arm

import (
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

func TestCloudFrom(t *testing.T) {
	type want struct{ authority, endpoint, audience string }
	public := want{"https://login.microsoftonline.com/", "https://management.azure.com", "https://management.core.windows.net/"}
	china := want{"https://login.chinacloudapi.cn/", "https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn/"}
	government := want{"https://login.microsoftonline.us/", "https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net/"}
	for _, tc := range []struct {
		what, name string
		env        CloudEnv
		want       want
	}{
		{"default", "", CloudEnv{}, public},
		{"public", "AzurePublicCloud", CloudEnv{}, public},
		{"china", "AzureChinaCloud", CloudEnv{}, china},
		{"government, other case", "azureusgovernmentcloud", CloudEnv{}, government},
		{"no name: the webhook's authority decides", "", CloudEnv{AuthorityHost: "https://login.microsoftonline.us"}, government},
		{"the webhook's authority does not beat a name", "AzureChinaCloud", CloudEnv{AuthorityHost: "https://login.microsoftonline.com/"}, china},
		{"own authority", "", CloudEnv{AuthorityHost: "https://adfs.example.com"}, want{"https://adfs.example.com/", public.endpoint, public.audience}},
		{
			"a cloud of one's own beats the name", "AzureChinaCloud",
			CloudEnv{AuthorityHost: "https://127.0.0.1:8443/", ResourceManagerEndpoint: "https://127.0.0.1:8443/", ResourceManagerAudience: "https://management.azure.com/"},
			want{"https://127.0.0.1:8443/", "https://127.0.0.1:8443", "https://management.azure.com/"},
		},
		{
			"endpoint only", "", CloudEnv{ResourceManagerEndpoint: "https://management.local.azurestack.external"},
			want{public.authority, "https://management.local.azurestack.external", "https://management.local.azurestack.external"},
		},
	} {
		got, err := CloudFrom(tc.name, tc.env)
		if err != nil {
			t.Errorf("%s: %v", tc.what, err)
			continue
		}
		service := got.Services[cloud.ResourceManager]
		if g := (want{got.ActiveDirectoryAuthorityHost, service.Endpoint, service.Audience}); g != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.what, g, tc.want)
		}
	}
}

func TestCloudFromRefuses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		env   CloudEnv
		words []string
	}{
		{"AzureGermanCloud", CloudEnv{}, []string{`"AzureGermanCloud"`, AzurePublicCloud, AzureChinaCloud, AzureUSGovernmentCloud}},
		{"", CloudEnv{ResourceManagerEndpoint: "http://127.0.0.1:8080"}, []string{"AZURE_RESOURCE_MANAGER_ENDPOINT", "http://127.0.0.1:8080", "https"}},
		{"", CloudEnv{AuthorityHost: "login.microsoftonline.com"}, []string{"AZURE_AUTHORITY_HOST", "login.microsoftonline.com", "https"}},
	} {
		_, err := CloudFrom(tc.name, tc.env)
		if err == nil {
			t.Errorf("%+v was accepted", tc)
			continue
		}
		for _, word := range tc.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not mention %s", err, word)
			}
		}
	}
}
