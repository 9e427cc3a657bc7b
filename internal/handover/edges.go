package handover

import connect "github.com/danube-messaging/danube-connect-go"

// edges refuses a call of a transactional source that ends in records without an
// offset: nothing would hold a commit back for them, and a transaction they belong
// to would be committed without them.
func (g *Gate) edges(envelopes []connect.Envelope) error {
	if !g.settings.Transactional {
		return nil
	}
	loose := 0
	for i := len(envelopes) - 1; i >= 0 && envelopes[i].Offset.IsZero(); i-- {
		loose++
	}
	if loose == 0 {
		return nil
	}
	return connect.ConfigError("the last %d records of a call carry no offset, and the source declares Transactional: records of a transaction that goes on in a later call must carry the offset of the transaction before", loose)
}
