package message

import "encoding/json"

// FormPlace travels in a modal's private metadata: where its answer goes.
type FormPlace struct {
	Channel string `json:"c,omitempty"`
	Thread  string `json:"t,omitempty"`
	Hunt    string `json:"h,omitempty"`
	What    string `json:"w,omitempty"` // indicators as the grammar writes them, where there is no hunt
}

// Text is the place as a form carries it.
func (p FormPlace) Text() string {
	data, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return string(data)
}
