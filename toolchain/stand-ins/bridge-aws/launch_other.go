//go:build !linux

package main

import "os/exec"

// dieWithParent has no counterpart here: a provider whose plugin is killed stays.
func dieWithParent(*exec.Cmd) {}
