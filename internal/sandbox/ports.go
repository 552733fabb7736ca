package sandbox

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range from which the kernel gives ports to outgoing connections, so that none is taken
// between our choice and the moment its component listens.
const firstPort, lastPort = 20000, 32000

// The purposes for which a sandbox needs a port.
const (
	portEtcd              = "etcd"
	portEtcdPeer          = "etcd-peer"
	portAPIServer         = "kube-apiserver"
	portControllerManager = "kube-controller-manager"
	portAzureSim          = "azuresim"
	portClusterAPIWebhook = "cluster-api-webhook"
	portClusterAPIHealth  = "cluster-api-health"
	portClusterAPIMetrics = "cluster-api-metrics"
	portManagerWebhook    = "manager-webhook"
	portManagerHealth     = "manager-health"
	portManagerMetrics    = "manager-metrics"
)

func portNames() []string {
	return []string{
		portEtcd, portEtcdPeer, portAPIServer, portControllerManager, portAzureSim, portClusterAPIWebhook, portClusterAPIHealth,
		portClusterAPIMetrics, portManagerWebhook, portManagerHealth, portManagerMetrics,
	}
}

// choosePorts finds a free port for every purpose and prefers those of the last run, which kept objects may mention. All are
// held until all are chosen, so that one is not chosen twice.
func choosePorts(last map[string]int) (map[string]int, error) {
	ports := map[string]int{}
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close() // nothing was ever accepted on it
		}
	}()
	for _, name := range portNames() {
		l, port, err := listen(last[name])
		if err != nil {
			return nil, fmt.Errorf("port for %s: %w", name, err)
		}
		held = append(held, l)
		ports[name] = port
	}
	return ports, nil
}

func listen(preferred int) (net.Listener, int, error) {
	var last error
	for attempt := range 100 {
		port := preferred
		if attempt > 0 || port == 0 {
			port = firstPort + rand.IntN(lastPort-firstPort)
		}
		l, err := net.Listen("tcp", loopback(port))
		if err == nil {
			return l, port, nil
		}
		last = err
	}
	return nil, 0, last
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
