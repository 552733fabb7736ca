package replay

import (
	"encoding/json"
	"strings"

	"github.com/capaks/capaks/azuresim/world"
)

// neighbours are further facts of the day: which version an extension type had, what was in a Git repository, which
// users the directory had, and how often a role assignment was refused because Entra ID had not yet replicated a new
// principal.
func neighbours(w *world.World, rec *Recording) {
	for _, e := range rec.Exchanges {
		typ, version := text(e.Response, "properties.extensionType"), text(e.Response, "properties.currentVersion")
		if typ != "" && version != "" {
			known := w.Extension(typ)
			known.Version = version
			w.Merge(world.World{Extensions: []world.Extension{known}})
		}
		if commit := text(e.Response, "properties.sourceSyncedCommitId"); commit != "" {
			_, commit, _ = strings.Cut(commit, ":")
			w.Merge(world.World{Repositories: []world.Repository{{URL: text(e.Response, "properties.gitRepository.url"), Commit: commit, Failure: failureOf(e.Response)}}})
		}
		if id := text(e.Response, "properties.principalId"); id != "" && text(e.Response, "properties.principalType") == "User" {
			w.Merge(world.World{Principals: []world.Principal{{TenantID: world.TenantA, ClientID: id, ObjectID: id, Type: "User"}}})
		}
		var asked any
		_ = json.Unmarshal(e.Request, &asked)
		if errorCode(e.Response) == "PrincipalNotFound" && strings.Contains(path(e.URL), "/roleassignments/") && text(asked, "properties.principalType") == "" {
			w.PrincipalLag += max(e.Repeats, 1)
		}
	}
}

// failureOf is what Flux could not apply.
func failureOf(response any) string {
	props, _ := document(response)["properties"].(map[string]any)
	statuses, _ := props["statuses"].([]any)
	for _, s := range statuses {
		conditions, _ := document(s)["statusConditions"].([]any)
		for _, c := range conditions {
			if text(c, "type") == "Ready" && text(c, "status") == "False" {
				return text(c, "message")
			}
		}
	}
	return ""
}
