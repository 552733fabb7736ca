package azuresim

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"crypto/tls"
	"crypto/x509"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/capaks/capaks/azuresim/clock"
)

func TestSmoke(t *testing.T) {
	clk := clock.NewPaused(time.Now())
	s, err := Start(context.Background(), Options{Clock: clk, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.CAPEM())
	hc := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	env := s.Env()
	co := azcore.ClientOptions{Transport: hc, Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: env["AZURE_AUTHORITY_HOST"]}}
	cred, err := azidentity.NewClientSecretCredential(env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"], &azidentity.ClientSecretCredentialOptions{ClientOptions: co, DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	tok, err := cred.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{Audience + "/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path, body string) map[string]any {
		req, _ := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+tok.Token)
		resp, err := hc.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(resp.Body)
		h := []string{}
		for k, v := range resp.Header {
			if strings.Contains(strings.ToLower(k), "async") || k == "Location" || k == "Retry-After" || strings.Contains(strings.ToLower(k), "ratelimit") {
				h = append(h, k+"="+v[0][:min(len(v[0]), 150)])
			}
		}
		t.Logf("%s %s -> %d %v\n%s", method, path, resp.StatusCode, h, raw)
		var out map[string]any
		_ = json.Unmarshal(raw, &out)
		return out
	}
	const v = "?api-version=2026-05-01"
	rg := "/subscriptions/" + env["AZURE_SUBSCRIPTION_ID"] + "/resourceGroups/Rg1"
	mc := rg + "/providers/Microsoft.ContainerService/managedClusters/c1"
	do("PUT", rg+"?api-version=2021-04-01", `{"location":"westus2","tags":{"a":"b"}}`)
	do("PUT", rg+"/providers/Microsoft.Network/virtualNetworks/vn?api-version=2021-02-01", `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/8"]},"subnets":[{"name":"s","properties":{"addressPrefix":"10.240.0.0/16"}}]}}`)
	clk.Advance(time.Second)
	do("PUT", mc+v, `{"location":"westus2","identity":{"type":"SystemAssigned"},"properties":{"dnsPrefix":"c1","kubernetesVersion":"1.34.1","networkProfile":{"networkPlugin":"azure"},"agentPoolProfiles":[{"name":"sys","mode":"System","count":2,"vmSize":"Standard_D2s_v3","vnetSubnetID":"`+rg+`/providers/Microsoft.Network/virtualNetworks/vn/subnets/s"}]}}`)
	do("POST", mc+"/listClusterAdminCredential"+v, "")
	clk.Advance(15 * time.Second)
	do("GET", mc+"/operations/latest?api-version=2026-05-02-preview", "")
	clk.Advance(15 * time.Second)
	do("GET", mc+v, "")
	do("POST", mc+"/listClusterAdminCredential"+v, "")
	do("GET", "/subscriptions/"+env["AZURE_SUBSCRIPTION_ID"]+"/resourceGroups/MC_Rg1_c1_westus2/providers/Microsoft.Compute/virtualMachineScaleSets?api-version=2021-03-01", "")
	do("PUT", mc+"/agentPools/user1"+v, `{"properties":{"count":1,"vmSize":"Standard_D2s_v3"}}`)
	do("PUT", mc+v, `{"location":"westus2","properties":{}}`)
	do("GET", mc+"/upgradeProfiles/default"+v, "")
	clk.Advance(30 * time.Second)
	do("GET", mc+"/agentPools/user1"+v, "")
	do("DELETE", rg+"?api-version=2021-04-01", "")
	clk.Advance(30 * time.Second)
	do("GET", rg+"?api-version=2021-04-01", "")
}
