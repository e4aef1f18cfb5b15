package mirror

import "context"

// Stirred returns the channel, of capacity 1 and always the same, that receives when
// one of those who wait for offers should call Recover.
func (m *Mirror) Stirred() <-chan struct{} { return m.stirred }

func (m *Mirror) stir() {
	if m.Board.Asleep() == 0 {
		return
	}
	select {
	case m.stirred <- struct{}{}:
	default:
	}
}

// StirIfBehind is called by those who have begun to wait: what was committed a moment
// before found nobody to stir.
func (m *Mirror) StirIfBehind() {
	if m.behind.Load() {
		m.stir()
	}
}

// Recover reads the feed if a commit of this process could not be shown completely,
// or if nobody else follows it.
func (m *Mirror) Recover(ctx context.Context) error {
	if !m.behind.Load() && m.followed.Load() {
		return nil
	}
	err := m.CatchUp(ctx)
	if ctx.Err() != nil {
		// Whoever waits next reads it.
		m.stir()
	}
	return err
}
