// Package docs checks the documentation against the code: links lead somewhere, commands and flags exist, manifests are of the API's
// types, every condition reason has an explanation, and the book's contents name every page. It has no code but its tests, and starts
// no API server.
package docs
