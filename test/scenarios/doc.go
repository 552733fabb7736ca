// Package scenarios walks the folders beside it, one for each group of fields, in one sandbox: set the fields, change them, let
// somebody else change them in Azure, drop them, rest, delete. A folder is read like this:
//
//	00-azure.yaml   what exists in Azure before (optional): a list of {id, apiVersion, body}
//	01-set.yaml     what is laid over base.yaml, as merge patches by kind and name; a pool that is not there yet is added
//	02-change.yaml  laid over that, likewise (optional, as are the next two)
//	drift.json      calls of the emulator's control API "outside", by somebody else
//	refused.yaml    what the API server refuses then, document by document: patches as above, also "$patch: delete"
//	03-drop.yaml    laid over that: null removes a field, "$patch: delete" an object
//	expect.yaml     what each of the four comes to (see step), what the deletion leaves, and which refusals are meant
//
// Names are those of the folder: namespace, Cluster and resource group.
//
// It must not look inside the provider: what a scenario asserts, a person could see with kubectl or in Azure.
package scenarios
