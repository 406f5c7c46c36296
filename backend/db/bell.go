package db

import "sync"

// bells wake who waits for a kind of change in this process. They carry nothing: whoever hears one looks again.
type bells struct {
	mu    sync.Mutex
	named map[string]chan struct{}
}

func newBells() *bells { return &bells{named: map[string]chan struct{}{}} }

func (b *bells) bell(name string) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	bell, ok := b.named[name]
	if !ok {
		bell = make(chan struct{}, 1)
		b.named[name] = bell
	}
	return bell
}

func (b *bells) ring(name string) {
	select {
	case b.bell(name) <- struct{}{}:
	default: // it has not been heard yet
	}
}

// Bell has a token after Tx.Ring of that name was committed through this DB. It is for one listener.
func (d *DB) Bell(name string) <-chan struct{} { return d.bells.bell(name) }
