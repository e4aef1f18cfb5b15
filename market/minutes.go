package market

import (
	"encoding/json"
	"math"
	"time"
)

// Minutes is a length of time whose JSON form is a number of minutes. Those that a
// poster may ask for are whole; a policy's need not be.
type Minutes struct{ time.Duration }

// MarshalJSON writes the number of minutes, with a fraction if it has one.
func (m Minutes) MarshalJSON() ([]byte, error) { return json.Marshal(m.Minutes()) }

// UnmarshalJSON reads a number of minutes; null is none.
func (m *Minutes) UnmarshalJSON(data []byte) error {
	var minutes float64
	if err := json.Unmarshal(data, &minutes); err != nil {
		return err
	}
	m.Duration = time.Duration(math.Round(minutes * float64(time.Minute)))
	return nil
}
