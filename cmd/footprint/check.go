package main

import "context"

// check tells what is missing before serve.
func check(_ context.Context, p process, _ []string) error {
	_, err := loadConfig(p.env)
	return err
}
