package workload

import (
	"crypto/tls"
	"net"
	"sync"
)

// listener remembers its connections, because a stopped API server hangs up
// instead of finishing its watches.
type listener struct {
	net.Listener
	cluster *cluster

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
}

type conn struct {
	net.Conn
	listener *listener
}

func newListener(inner net.Listener, c *cluster) *listener {
	return &listener{Listener: inner, cluster: c, conns: map[*conn]struct{}{}}
}

// tls returns the listener to hand to the http server. The certificate is
// looked up per handshake so that a rotation needs no new listener.
func (l *listener) tls() net.Listener {
	config := tlsDefaults()
	config.ClientAuth = tls.RequestClientCert // checked per request: a bad one is a 401, not an alert
	config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		l.cluster.mu.RLock()
		defer l.cluster.mu.RUnlock()
		return l.cluster.creds.server, nil
	}
	return tls.NewListener(l, config)
}

func tlsDefaults() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		NextProtos:             []string{"h2", "http/1.1"},
		SessionTicketsDisabled: true, // a resumed session would outlive a rotation
	}
}

func (l *listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tracked := &conn{Conn: inner, listener: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = inner.Close()
		return nil, net.ErrClosed
	}
	l.conns[tracked] = struct{}{}
	return tracked, nil
}

// Close refuses new connections and ends the existing ones.
func (l *listener) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	err := l.Listener.Close()
	l.closeConnections()
	return err
}

func (l *listener) closeConnections() {
	l.mu.Lock()
	open := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// clusterOf finds the cluster a connection of the shared http server is for.
func clusterOf(c net.Conn) *cluster {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if tracked, ok := c.(*conn); ok {
		return tracked.listener.cluster
	}
	return nil
}
