// Package tracked serves resource types that live Azure Resource Manager's standard life: PUT, GET, PATCH, DELETE and
// lists, long-running or not. One type is one Type value plus its rules. It must not know any particular resource and
// must not keep state beside the fabric's; what is special about a type belongs into its provider's rules.
package tracked

import (
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// Type declares one resource type.
type Type struct {
	Name     string   // Microsoft.Network/routeTables/routes
	Versions []string // api-versions, when they are not the namespace's
	// Under is the path the type hangs below, for extension resources ("{scope*}", or the pattern of one parent
	// type); empty means a resource group.
	Under string
	// Proxy types have neither location nor tags; all nested types are.
	Proxy bool
	// Global types exist in location "global".
	Global bool
	// Parallel types are not serialised with the rest of the tree they belong to.
	Parallel bool
	Life     Life
	// Operation names the type in operation names: PutRouteOperation for "Route".
	Operation string

	// ReadOnly paths are ignored in requests; the stored value stays.
	ReadOnly []string
	// Defaults fills paths a request leaves out.
	Defaults []Default
	// Since says from which api-version on answers show a path; Until, before which.
	Since, Until map[string]string
	// Embedded children are lists in the properties of this type's documents and resources of their own.
	Embedded []Embedded
	// MergePatch lets PATCH change any property; otherwise it changes tags only.
	MergePatch bool

	// Prepare checks a write and completes its draft. It must not change anything else: the write may still be refused.
	Prepare func(*Write) error
	// Accepted runs when a write is stored, before it is answered.
	Accepted func(*Write, *fabric.Resource)
	// Ended runs when the operation of a write ends, or at once without one.
	Ended func(*fabric.Resource, *arm.OperationError)
	// View adds what only answers show.
	View func(apiVersion string, r *fabric.Resource, doc arm.Object)
	// Answer changes the document that answers a request for this very resource.
	Answer func(rq *arm.Request, r *fabric.Resource, doc arm.Object)
	// InUse refuses a deletion.
	InUse func(*arm.Request, *fabric.Resource) error
	// Gone runs when a resource has been deleted by its own DELETE.
	Gone func(*fabric.Resource)
	// NotFound is the answer for an absent resource; nil means the gateway's for top-level types.
	NotFound func(id arm.ID) error
}

// Default is the value that is stored for a path a request leaves out, in requests from an api-version on.
type Default struct {
	Path  string
	Value any
	Since string
}

// Embedded is a property of the parent's document that lists child resources.
type Embedded struct {
	Property string // subnets
	Type     string
	// KeepsAbsent is the first api-version in which a PUT of the parent without the property leaves the children
	// alone; "" means every version reads it as an empty list.
	KeepsAbsent string
	// Always keeps the children, in every version, when the property is absent.
	Always bool
}

// Life is how a type's writes are answered.
type Life struct {
	// Statuses of a create, an update, a deletion and the deletion of nothing.
	Created, Updated, Deleted, Absent int
	// Duration is how long operations take; nil means that everything happens at once.
	Duration func() time.Duration
	// The provisioning states while an operation runs.
	Creating, Updating, Deleting string
	// NoState types show no properties.provisioningState.
	NoState bool
	// Bodiless writes are answered with an empty document.
	Bodiless bool
	// Thorough types run an operation even for writes that change nothing.
	Thorough bool
	// Notify adds Azure-AsyncNotification.
	Notify bool
	// Status and Result are the polling addresses, with {subscription}, {group}, {location}, {resource} and {operation}.
	Status, Result string
	// Token is what {operation} stands for in the polling addresses when it is not the bare id: a text with {name} and
	// {operation}, shown in base64.
	Token string
	// QuietInstant is the first api-version in which writes that are done at once carry no polling address; "" means they
	// always have one.
	QuietInstant string
	// WriteResult also gives the answer of a PUT a Location, which deletions have anyway.
	WriteResult bool
	// Retry-After of accepted writes and deletions, and of the polls that find one of them running: the last repeats.
	// Without DeletePolls deletions use those of writes.
	WriteRetry, DeleteRetry string
	Polls, DeletePolls      []string
	// Poll answers the polling addresses; nil is the network provider's document, a status and an error.
	Poll func(p *Provider, rq *arm.Request, op *fabric.Operation, result bool) (*arm.Response, error)
	// Header adds headers to every answer.
	Header func(rq *arm.Request, resp *arm.Response)
	// Busy refuses a write because of an operation in flight on the resource, its parent, siblings or children; nil lets it pass.
	Busy func(rq *arm.Request, op *fabric.Operation, root *fabric.Resource) error
	// ETag makes etags; they are shown in bodies and in the ETag header. Shared ones are those of the whole tree.
	ETag       func() string
	SharedETag bool
	// QuietETag keeps the etag out of the headers.
	QuietETag bool
	// GroupFirst is the first api-version in which deleting a nested resource in a group that is gone names the group;
	// earlier ones name the parent (both recorded). "" leaves the question to the gateway, which names the group.
	GroupFirst string
	// Orphan is the answer to a read or a deletion below an absent parent; nil names the parent as not found.
	Orphan func(verb string, id arm.ID) error
}

// With returns the life with other Retry-After values.
func (l Life) With(write, del string, polls ...string) Life {
	l.WriteRetry, l.DeleteRetry = write, del
	if polls != nil {
		l.Polls = polls
	}
	return l
}

// Write is one PUT or merging PATCH on its way to being stored.
type Write struct {
	Request *arm.Request
	Type    *Type
	ID      arm.ID
	Stored  *fabric.Resource // nil when the resource is created
	Body    arm.Object       // the draft of what is stored
	Parent  arm.Object       // the parent's body as it will be; nil at the top
	// Siblings are the drafts or bodies of the parent's other children of this type, as they will be, by name.
	Siblings []Sibling
	// Instant writes are answered as Succeeded at once.
	Instant bool

	location string // stored; children have none
	region   string
	children []*Write
	dropped  []*fabric.Resource
}

// Sibling is a child of the same parent.
type Sibling struct {
	Name string
	Body arm.Object
}

// Location is that of the resource, or of the one it belongs to.
func (w *Write) Location() string { return w.region }

// Once fills a path with a value made when the resource is created; later writes keep it.
func (w *Write) Once(path string, value func() any) {
	if w.Stored != nil {
		if old := arm.Get(w.Stored.Body, path); old != nil {
			arm.Put(w.Body, path, old)
			return
		}
	}
	if arm.Get(w.Body, path) == nil {
		arm.Put(w.Body, path, value())
	}
}
