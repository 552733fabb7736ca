// Package aks knows how AKS is described: it turns the declared objects into the ARM resources that should
// exist, reads facts out of the ARM resources that do exist, and decides which request comes next.
//
// It must not do I/O, read the clock, log, or keep state between calls: the same inputs and the same
// observation always give the same decision, which is why `capaks plan` can print what the controller sends.
package aks
