// Package life tells what happens to clusters after day one - upgrades, pools, credentials, trouble - against the real programs, with
// the manager killed whenever it hurts most.
//
// A sandbox is started for each group of stories, which have namespaces, resource groups and clusters of their own. What a story asserts a person could see: objects and events with kubectl,
// and the emulator's request log. It must not look inside the provider.
package life
