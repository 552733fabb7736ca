// Package life tells what happens to clusters after day one - upgrades, pools, credentials, trouble - against the real programs, with
// the manager killed whenever it hurts most.
//
// One sandbox is started for all stories, which therefore have namespaces, resource groups and clusters of their own, and run one
// after the other: killing the manager concerns everybody. What a story asserts a person could see: objects and events with kubectl,
// and the emulator's request log. It must not look inside the provider.
package life
