// Package mcptest has outsiders' clients of the Model Context Protocol drive a real
// server: the official Python and TypeScript clients live a whole life with two agents,
// and the official conformance suite asks what it asks of any server.
package mcptest
