// Package arm talks to Azure Resource Manager: Get, List, Put, Patch, Delete, Post and the operation documents, on azcore's own pipeline.
//
// It moves JSON and turns every answer into a Response or an Error. It must NOT decide anything: it does not know
// what a cluster is, never polls, never sleeps for longer than the budget allows, and never repeats a write. It imports azcore, azidentity
// (for the type of a failed sign-in) and the standard library, nothing else.
//
// # Retries
//
// A read may be repeated inside one call, twice, after a connection error, a timeout or a 408/5xx, with delays below five seconds.
//
// A write is sent once. When the answer to a PUT is lost nobody knows whether Azure took it, and AKS lets a client
// send twenty PUTs to one cluster before it locks that cluster for a minute each. So the error goes up, the caller reads the resource
// again and plans again: that is the replay, and it is visible. The preconditions make it safe: a create carries
// If-None-Match: *, an update If-Match, so a copy of a request that did arrive is answered 412 and changes nothing.
// The two replays azcore makes itself follow a request that was refused as a whole, so they are safe: after a 401 with a claims challenge, and after a 409
// MissingSubscriptionRegistration, which registers the resource provider in the subscription first.
//
// A 429 is never repeated here. The Error carries RetryAfter, and the Budget refuses further requests of that kind until then.
package arm
