package hunts

// Draft is a filled-in hunt modal.
type Draft struct {
	Text      string `json:"text"`
	Since     string `json:"since"`
	Devices   string `json:"devices"`
	Why       string `json:"why"`
	Workspace string `json:"workspace"`
}
