// Package packaging tests what is released: the container image, of which the manager is run as a container would run it, the
// manifests of config/ as they are installed, the rights in them, and two replicas of which one fails. It must not start a manager
// any other way than from the image.
package packaging
