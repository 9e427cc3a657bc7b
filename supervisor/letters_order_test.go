package supervisor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// The dead-letter topic waits for the topics that Producers names, also where
// Initialize has declared others before and takes its time.
func TestDeadLetterTopicAwaitsProducers(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		const shadowed = "/default/test" // begins the name of the dead-letter topic
		source := &stream{topics: []string{shadowed}}
		source.initialize = func(e connect.Epoch) error {
			err := e.Declare(context.Background(), connect.Producer{Topic: s.topic(), Reliable: true})
			s.pass(time.Minute)
			return err
		}
		source.stream = func(ctx context.Context, out connect.Sender) error {
			good := connect.RawJSON(shadowed, []byte(`{"p":"a","n":1}`)).Envelope()
			if err := out.Send(ctx, good, connect.Bad(connect.Offset{}, []byte("x"), errors.New("no such column"))); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}
		r := s.start(source, s.config(deadLetter))
		s.pass(3 * time.Minute)
		err := r.stop()
		if n, letters := len(s.received(shadowed)), len(s.letters(letterTopic)["@"]); err != nil || n != 1 || letters != 1 {
			t.Errorf("Run = %v; %d records and %d letters, want one each", err, n, letters)
		}
	})
}
