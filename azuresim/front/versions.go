package front

import (
	"net/http"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/spec"
)

// apiVersion finds the parameter without regard to case: Azure itself gives out addresses with "api-Version" (recorded).
func apiVersion(r *http.Request) string {
	query := r.URL.Query()
	if v := query.Get("api-version"); v != "" {
		return v
	}
	for name, values := range query {
		if strings.EqualFold(name, "api-version") {
			return values[0]
		}
	}
	return ""
}

// supported lists the api-versions a type accepts: those Azure offers, and any other there is a description for.
func supported(r arm.Route) []string {
	if r.Versions != nil {
		return slices.Sorted(slices.Values(r.Versions))
	}
	versions := slices.Clone(offered[strings.ToLower(namespaceOf(r.Type))])
	for _, v := range spec.APIVersions(r.Type) {
		if !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	return versions
}

func namespaceOf(typ string) string {
	namespace, _, _ := strings.Cut(typ, "/")
	return namespace
}

func (g *Gateway) checkVersion(match *route, rq *arm.Request) error {
	if rq.APIVersion == "" {
		return arm.GatewayError(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	}
	if slices.Contains(match.versions, strings.ToLower(rq.APIVersion)) {
		return nil
	}
	versions := slices.Clone(match.versions)
	slices.Reverse(versions)
	list := strings.Join(versions, ", ")
	if namespaceOf(match.Type) == "Microsoft.Resources" {
		return arm.GatewayError(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version '%s' is invalid. The supported versions are '%s'.", rq.APIVersion, strings.ReplaceAll(list, ", ", ","))
	}
	_, short, _ := strings.Cut(match.Type, "/")
	location, _ := rq.Body["location"].(string)
	return arm.GatewayError(http.StatusBadRequest, "NoRegisteredProviderFound", "No registered resource provider found for location '%s' and API version '%s' for type '%s'. The supported api-versions are '%s'. The supported locations are '%s'.", location, rq.APIVersion, short, list, strings.Join(g.World.Get().Locations, ", "))
}

// offered are the api-versions of each namespace that Azure accepts, as far as they are known.
var offered = map[string][]string{
	"microsoft.resources": {
		"2016-06-01", "2017-05-10", "2018-05-01", "2019-05-01", "2019-06-01", "2019-10-01", "2019-11-01", "2020-01-01", "2020-06-01", "2020-10-01", "2021-01-01", "2021-04-01",
		"2022-09-01", "2022-12-01", "2023-07-01", "2024-03-01", "2024-07-01", "2024-11-01", "2025-03-01", "2025-04-01",
	},
	"microsoft.network": {
		"2018-05-01", "2018-11-01", "2019-11-01", "2020-05-01", "2020-06-01", "2020-08-01", "2020-11-01", "2021-02-01", "2021-03-01", "2021-05-01", "2021-08-01", "2022-01-01",
		"2022-05-01", "2022-07-01", "2022-09-01", "2022-11-01", "2023-02-01", "2023-04-01", "2023-05-01", "2023-06-01", "2023-09-01", "2023-11-01", "2024-01-01", "2024-03-01",
		"2024-05-01", "2024-07-01", "2024-10-01", "2025-01-01", "2025-03-01", "2025-05-01", "2025-07-01",
	},
	"microsoft.compute": {
		"2019-07-01", "2019-12-01", "2020-06-01", "2020-12-01", "2021-03-01", "2021-04-01", "2021-07-01", "2021-11-01", "2022-03-01", "2022-08-01", "2022-11-01", "2023-03-01",
		"2023-07-01", "2023-09-01", "2024-03-01", "2024-07-01", "2024-11-01", "2025-04-01", "2026-03-01",
	},
	"microsoft.containerservice": {
		"2020-11-01", "2020-12-01", "2021-02-01", "2021-03-01", "2021-05-01", "2021-07-01", "2021-08-01", "2021-09-01", "2021-10-01", "2022-01-01", "2022-02-01", "2022-03-01",
		"2022-04-01", "2022-06-01", "2022-07-01", "2022-09-01", "2022-11-01", "2023-01-01", "2023-02-01", "2023-02-02-preview", "2023-03-01", "2023-03-15-preview", "2023-04-01",
		"2023-05-01", "2023-06-01", "2023-07-01", "2023-08-01", "2023-09-01", "2023-10-01", "2023-11-01", "2023-11-02-preview", "2024-01-01", "2024-01-02-preview", "2024-02-01",
		"2024-02-02-preview", "2024-03-02-preview", "2024-04-02-preview", "2024-05-01", "2024-05-02-preview", "2024-06-02-preview", "2024-07-01", "2024-07-02-preview", "2024-08-01",
		"2024-09-01", "2024-09-02-preview", "2024-10-01", "2024-10-02-preview", "2025-01-01", "2025-01-02-preview", "2025-02-01", "2025-02-02-preview", "2025-03-01",
		"2025-03-02-preview", "2025-04-01", "2025-04-02-preview", "2025-05-01", "2025-05-02-preview", "2025-06-02-preview", "2025-07-01", "2025-07-02-preview", "2025-08-01",
		"2025-08-02-preview", "2025-09-01", "2025-09-02-preview", "2025-10-01", "2025-10-02-preview", "2026-01-01", "2026-01-02-preview", "2026-02-01", "2026-02-02-preview",
		"2026-03-01", "2026-03-02-preview", "2026-04-01", "2026-04-02-preview", "2026-05-01", "2026-05-02-preview",
	},
}

// AKSVersions are the api-versions of Microsoft.ContainerService accepted by filter.
func AKSVersions(filter func(string) bool) []string {
	var out []string
	for _, v := range offered["microsoft.containerservice"] {
		if filter(v) {
			out = append(out, v)
		}
	}
	return out
}
