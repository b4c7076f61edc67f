package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed mapping.json
var mappingJSON []byte

// A mapping is mapping.json: what @pulumi/aws calls the types of the Terraform provider, and where their fields differ.
type mapping struct {
	Config    map[string]field        `json:"config"`
	Resources map[string]resourceType `json:"resources"`
	Functions map[string]functionType `json:"functions"`
}

type resourceType struct {
	// Token is the type's name in @pulumi/aws.
	Token string `json:"token"`
	// Fields by their Terraform name, nested ones by path: "rule.filter".
	Fields map[string]field `json:"fields"`
	// Copies are outputs of the package that the provider lacks, each from another output: {"secretArn": "arn"}.
	Copies map[string]string `json:"copies"`
	// Kept are attributes that the emulator does not give back as they were set (see kept.go).
	Kept []string `json:"kept"`
	// Why a type needs what it has, for the reader.
	Why string `json:"why"`
}

type functionType struct {
	Token  string           `json:"token"`
	Fields map[string]field `json:"fields"`
	Why    string           `json:"why"`
}

type field struct {
	// Name in the package, where it is not the one the bridge makes.
	Name string `json:"name"`
	// Single says whether a list of at most one element is that element in the package; unset, the schema decides.
	Single *bool `json:"single"`
	// AutoName makes a name from the resource's where the program gives none, at most this long.
	AutoName int `json:"autoName"`
	// Lower makes the automatic name lower-case.
	Lower bool `json:"lower"`
	// Before stands before the automatic name.
	Before string `json:"before"`
}

func readMapping() (mapping, error) {
	decoder := json.NewDecoder(bytes.NewReader(mappingJSON))
	decoder.DisallowUnknownFields()
	var m mapping
	if err := decoder.Decode(&m); err != nil {
		return m, fmt.Errorf("mapping.json: %w", err)
	}
	return m, nil
}
