package arm

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// Names of the Azure clouds, as the spec.azureEnvironment field of a control plane spells them.
const (
	AzurePublicCloud       = "AzurePublicCloud"
	AzureChinaCloud        = "AzureChinaCloud"
	AzureUSGovernmentCloud = "AzureUSGovernmentCloud"
)

var clouds = []struct {
	name   string
	config cloud.Configuration
}{
	{AzurePublicCloud, cloud.AzurePublic},
	{AzureChinaCloud, cloud.AzureChina},
	{AzureUSGovernmentCloud, cloud.AzureGovernment},
}

// CloudEnv describes a cloud of its own (Azure Stack, an emulator). The zero value means there is none.
type CloudEnv struct {
	AuthorityHost           string // AZURE_AUTHORITY_HOST
	ResourceManagerEndpoint string // AZURE_RESOURCE_MANAGER_ENDPOINT
	ResourceManagerAudience string // AZURE_RESOURCE_MANAGER_AUDIENCE
}

// CloudEnvFrom reads the three variables; pass os.Getenv.
func CloudEnvFrom(getenv func(string) string) CloudEnv {
	return CloudEnv{
		AuthorityHost:           getenv("AZURE_AUTHORITY_HOST"),
		ResourceManagerEndpoint: getenv("AZURE_RESOURCE_MANAGER_ENDPOINT"),
		ResourceManagerAudience: getenv("AZURE_RESOURCE_MANAGER_AUDIENCE"),
	}
}

// CloudFrom picks the cloud to talk to. A resource manager endpoint in env wins over the name, because then every
// request has to go there. An authority host alone does not: the workload identity webhook sets AZURE_AUTHORITY_HOST in every pod, so it only decides
// when no name is given, or when it is a host no cloud is known by.
func CloudFrom(name string, env CloudEnv) (cloud.Configuration, error) {
	if name == "" && env.ResourceManagerEndpoint == "" {
		for _, c := range clouds {
			if sameHost(env.AuthorityHost, c.config.ActiveDirectoryAuthorityHost) {
				return c.config, nil
			}
		}
	}
	base, err := namedCloud(name)
	if err != nil {
		return cloud.Configuration{}, err
	}
	authority := env.AuthorityHost
	if authority != "" {
		if authority, err = httpsURL("AZURE_AUTHORITY_HOST", authority); err != nil {
			return cloud.Configuration{}, err
		}
	}
	if env.ResourceManagerEndpoint == "" {
		if authority != "" && !knownAuthority(authority) {
			base.ActiveDirectoryAuthorityHost = authority + "/"
		}
		return base, nil
	}
	endpoint, err := httpsURL("AZURE_RESOURCE_MANAGER_ENDPOINT", env.ResourceManagerEndpoint)
	if err != nil {
		return cloud.Configuration{}, err
	}
	custom := cloud.Configuration{ActiveDirectoryAuthorityHost: base.ActiveDirectoryAuthorityHost}
	if authority != "" {
		custom.ActiveDirectoryAuthorityHost = authority + "/"
	}
	audience := env.ResourceManagerAudience
	if audience == "" {
		audience = endpoint
	}
	custom.Services = map[cloud.ServiceName]cloud.ServiceConfiguration{
		cloud.ResourceManager: {Endpoint: endpoint, Audience: audience},
	}
	return custom, nil
}

func namedCloud(name string) (cloud.Configuration, error) {
	if name == "" {
		name = AzurePublicCloud
	}
	var names []string
	for _, c := range clouds {
		if strings.EqualFold(c.name, name) {
			return c.config, nil
		}
		names = append(names, c.name)
	}
	return cloud.Configuration{}, fmt.Errorf("azureEnvironment: %q is not a known Azure cloud: use %s, "+
		"or set AZURE_RESOURCE_MANAGER_ENDPOINT, AZURE_RESOURCE_MANAGER_AUDIENCE and AZURE_AUTHORITY_HOST of the manager for a cloud of your own",
		name, strings.Join(names, ", "))
}

func knownAuthority(host string) bool {
	for _, c := range clouds {
		if sameHost(host, c.config.ActiveDirectoryAuthorityHost) {
			return true
		}
	}
	return false
}

func sameHost(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}

// httpsURL checks a URL and takes the trailing slash off. Plain http is refused here with the name of the setting; azcore would refuse it at the first
// request with a message that names none.
func httpsURL(setting, value string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(value))
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%s: %q is not an https URL: use a form like https://management.example.com", setting, value)
	}
	return strings.TrimRight(u.String(), "/"), nil
}
