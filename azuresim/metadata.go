package azuresim

import (
	"encoding/json"
	"net/http"
)

// cloudMetadata is the document in which a cloud tells its endpoints. It has had three shapes: one object with few
// names (2015-01-01), a list of clouds (from 2019-05-01) and the cloud one asks (from 2022-09-01).
func (s *Server) cloudMetadata(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	var doc any
	switch version := r.URL.Query().Get("api-version"); {
	case version == "":
		w.WriteHeader(http.StatusBadRequest)
		doc = map[string]any{"error": map[string]any{"code": "MissingApiVersionParameter", "message": "The api-version query parameter (?api-version=) is required for all requests."}}
	case version < "2018-05-01":
		doc = map[string]any{
			"galleryEndpoint": s.url + "/", "graphEndpoint": "https://graph.windows.net/", "portalEndpoint": s.url + "/",
			"authentication": map[string]any{"loginEndpoint": s.url + "/", "audiences": audiences},
		}
	case version < "2022-09-01":
		doc = []any{s.cloud()}
	default:
		doc = s.cloud()
	}
	_ = json.NewEncoder(w).Encode(doc)
}

// audiences are those ARM accepts tokens for, the one to ask for first.
var audiences = []string{Audience, "https://management.core.windows.net/"}

// cloud names the emulator's own endpoints, and Azure's for what the emulator does not have.
func (s *Server) cloud() map[string]any {
	return map[string]any{
		"name": "azuresim", "portal": s.url, "resourceManager": s.url + "/", "gallery": s.url + "/",
		"authentication":           map[string]any{"loginEndpoint": s.url + "/", "audiences": audiences, "tenant": "common", "identityProvider": "AAD"},
		"graph":                    "https://graph.windows.net/",
		"graphAudience":            "https://graph.windows.net/",
		"microsoftGraphResourceId": "https://graph.microsoft.com/",
		"logAnalyticsResourceId":   "https://api.loganalytics.io/",
		"ossrDbmsResourceId":       "https://ossrdbms-aad.database.windows.net",
		"batch":                    "https://batch.core.windows.net/",
		"media":                    "https://rest.media.azure.net",
		"sqlManagement":            "https://management.core.windows.net:8443/",
		"activeDirectoryDataLake":  "https://datalake.azure.net/",
		"vmImageAliasDoc":          "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/arm-compute/quickstart-templates/aliases.json",
		"suffixes": map[string]any{
			"acrLoginServer": "azurecr.io", "keyVaultDns": "vault.azure.net", "storage": "core.windows.net", "sqlServerHostname": "database.windows.net",
			"azureDataLakeStoreFileSystem": "azuredatalakestore.net", "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net", "mhsmDns": "managedhsm.azure.net",
		},
	}
}
