// Package sdk holds one story per file: the official Azure SDK for Go lives through it against an emulator in this
// process. The clients are the released ones, with their own pollers, pagers and retry policies; all they are told is
// where the cloud is and which CA signs it. Nothing here may reach past a client into the emulator, except to set the
// scene (faults, time, the world) and to count requests. It is a module of its own so that its clients, which are
// large, are dependencies of nothing else.
package sdk
