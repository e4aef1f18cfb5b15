package market

// Position is the id after which the stream continues: that of the event
// delivered last, or of where the stream began. A stream opened after it misses
// nothing.
func (s *Stream) Position() string { return eventID(s.after) }
