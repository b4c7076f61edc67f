package main

import (
	"os"
	"time"
)

// exitWithEngine ends this process when the engine that started it has been gone for five seconds: a killed engine would
// otherwise leave its plugins running for ever. An orphan is given to another parent, so a changed parent id tells.
func exitWithEngine() {
	parent := os.Getppid()
	go func() {
		gone := 0
		for range time.Tick(time.Second) {
			if os.Getppid() == parent {
				gone = 0
			} else if gone++; gone >= 5 {
				os.Exit(1)
			}
		}
	}()
}
