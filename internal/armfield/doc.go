// Package armfield reads the `arm` tags of the API types and turns a spec into the body of an ARM request and back.
// The tag is the only place that knows which Azure property a field stands for and how it may change; encoding,
// import, comparison, immutability rules of the CRDs and reference documentation all come from it.
//
// The tag is `arm:"<path>[,option...]"`:
//
//	path       the property in the resource body: "properties.dnsPrefix". It is relative to the path of the
//	           surrounding field, where that has one. "x[].id" stands for a list of objects, each with one string.
//	           "-" with a reason is no property of this resource: `arm:"-,part of the resource id"`.
//	           Empty inherits the surrounding field's reason: `arm:",immutable"`.
//	immutable  frozen at creation: not changed, not removed, not added later
//	setonce    may be added later, and is frozen then
//	precreate  fixed in Azure at creation, but with a default that may be filled in later: once the Azure resource exists,
//	           it may only be added as it is there. For a name that is part of resource ids the CRD says so, for a
//	           property of the resource the plan
//	up         a version that may only rise
//	true-only  true stays true
//	nounset    may change, but not be removed
//	fold id location version cidr set
//	           how values are compared, see plan.Compare; version also adds and strips the leading v
//	lower      sent in lower case
//	float      a quantity, sent as a number
//	taints     taints, sent as "key=value:effect"
//	sshkey     a base64-encoded authorized_keys line, sent as the list of keys
//	identitymap  an id, sent as the key of a map with an empty object
//	key=F      a list of structs, sent as a map; the struct's field with the JSON name F is the key
//	alias=A:B  the value A means B
//	release=V  what is sent when the field is removed: null or a JSON value; the property is left out otherwise
//	impact=T   what a change does, in words
//
// The path, reason and mutability of a struct field apply to all fields inside. Strings, lists and maps count as set when they are not empty,
// pointers when they are not nil, and a plain bool whenever the struct around it is there. A list of structs is one leaf;
// the paths of the fields inside begin at the object.
//
// The package must not know any field, must not do I/O, and must not decide what to send.
package armfield
