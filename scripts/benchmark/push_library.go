package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	webpush "github.com/SherClockHolmes/webpush-go"
)

// libraryShare is what the sender has to reach of the library alone: 5,500 messages a second of one processor were asked
// for where the library, over HTTP/2, does 6,431. Both are measured in the same run, since the machine decides what
// either does.
const libraryShare = 0.855

// plain is the client that whoever uses the library alone would give it.
var plain = &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true}} //nolint:forbidigo // it goes to our own sink

// library sends n messages through webpush-go alone, over HTTP/2 to the same sink and as many at once, with none of our
// fences: no deadline, no rules about addresses, no bookkeeping.
func (b *pushBench) library(ctx context.Context, n int64) (pushCost, error) {
	to := webpush.Subscription{Endpoint: b.url + "/fast/", Keys: webpush.Keys{P256dh: b.to.P256dh, Auth: b.to.Auth}}
	options := webpush.Options{
		HTTPClient: plain, RecordSize: 2048, Subscriber: "push@schule.example", TTL: 3600, Urgency: webpush.UrgencyNormal,
		VAPIDPublicKey: b.to.Key.PublicText(), VAPIDPrivateKey: b.to.Key.PrivateText(),
	}
	payload := []byte(pushPayload)
	return atOnce(n, func() error {
		response, err := webpush.SendNotificationWithContext(ctx, payload[:len(payload):len(payload)], &to, &options)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusCreated {
			return fmt.Errorf("the sink answered %d", response.StatusCode)
		}
		_, err = io.Copy(io.Discard, response.Body)
		return err
	})
}
