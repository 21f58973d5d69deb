// Saves a snapshot each interval while it holds a lock, as an agent that is written with Consul's Go client:
//
//	consul-lock -address HOST:PORT -key KEY -ttl 15s -delay 15s -interval 1h -folder FOLDER
//
// It prints a line when it leads and for each snapshot. SIGTERM ends it, and releases the lock.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/consul/api"
)

const retry = 200 * time.Millisecond

type holder struct {
	client   *api.Client
	key      string
	ttl      time.Duration
	delay    time.Duration
	interval time.Duration
	folder   string
}

func main() {
	var h holder
	address := flag.String("address", "127.0.0.1:8500", "the address of Consul")
	flag.StringVar(&h.key, "key", "consul-snapshot/lock", "the key of the lock")
	flag.DurationVar(&h.ttl, "ttl", 15*time.Second, "the TTL of the session")
	flag.DurationVar(&h.delay, "delay", 15*time.Second, "the lock delay of the session")
	flag.DurationVar(&h.interval, "interval", time.Hour, "the interval of snapshots")
	flag.StringVar(&h.folder, "folder", ".", "where snapshots are written")
	flag.Parse()
	client, err := api.NewClient(&api.Config{Address: *address})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	h.client = client
	ending, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for ending.Err() == nil {
		if err := h.lead(ending); err != nil {
			fmt.Fprintln(os.Stderr, err)
			pause(ending, retry)
		}
	}
}

// lead waits for the lock, and saves until it is lost.
func (h *holder) lead(ending context.Context) error {
	lock, err := h.client.LockOpts(&api.LockOptions{Key: h.key, SessionTTL: h.ttl.String(), LockDelay: h.delay})
	if err != nil {
		return err
	}
	lost, err := lock.Lock(ending.Done())
	if err != nil || lost == nil {
		return err
	}
	defer lock.Unlock()
	fmt.Println("Obtained leadership")
	held, cancel := context.WithCancel(ending)
	defer cancel()
	go func() {
		select {
		case <-lost:
		case <-held.Done():
		}
		cancel()
	}()
	for {
		last, err := h.newest()
		if err != nil {
			return err
		}
		if !pause(held, time.Until(last.Add(h.interval))) {
			return nil
		}
		if err := h.save(held); err != nil {
			return err
		}
	}
}

// save writes one snapshot, which becomes visible when it is complete.
func (h *holder) save(held context.Context) error {
	snapshot, _, err := h.client.Snapshot().Save((&api.QueryOptions{}).WithContext(held))
	if err != nil {
		return err
	}
	defer snapshot.Close()
	file, err := os.CreateTemp(h.folder, ".consul-lock-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.Copy(file, snapshot); err != nil {
		return err
	}
	id := time.Now().UnixNano()
	if err := os.Rename(file.Name(), filepath.Join(h.folder, fmt.Sprintf("consul-%d.snap", id))); err != nil {
		return err
	}
	fmt.Printf("Saved snapshot: id=%d\n", id)
	return nil
}

// newest is the time in the name of the newest snapshot, whichever agent wrote it.
func (h *holder) newest() (time.Time, error) {
	entries, err := os.ReadDir(h.folder)
	if err != nil {
		return time.Time{}, err
	}
	var newest int64
	for _, entry := range entries {
		digits, isSnapshot := strings.CutSuffix(strings.TrimPrefix(entry.Name(), "consul-"), ".snap")
		if nanoseconds, err := strconv.ParseInt(digits, 10, 64); isSnapshot && err == nil {
			newest = max(newest, nanoseconds)
		}
	}
	return time.Unix(0, newest), nil
}

// pause returns whether the whole time has passed.
func pause(held context.Context, duration time.Duration) bool {
	select {
	case <-time.After(duration):
		return held.Err() == nil
	case <-held.Done():
		return false
	}
}
