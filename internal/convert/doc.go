// Package convert rewrites manifests of earlier releases, and of the old documentation, into what an API server accepts today.
//
// It changes the text, not a copy of the objects: every byte it has no reason to change stays, comments, order, quotes and ${VARIABLES}
// included. It must not ask an API server or Azure, must not validate what the API server validates anyway, and must not guess: what
// only the author can decide becomes a note.
package convert
