// Package mcptest has outsiders' clients of the Model Context Protocol drive a real
// server: the official Python and TypeScript clients live a whole life with two agents,
// and the official conformance suite asks what it asks of any server.
//
// Agent hosts are configured as docs/agents.md says, which the tests read: Claude Code, the
// OpenAI Agents SDK, LangChain, and whatever else reads a file of servers. None needs a
// model. CrewAI takes a gigabyte, so that no test installs it. To try it by hand, with two
// agents of a running server, the worker's key in the default profile of the command line:
//
//	pip install crewai 'crewai-tools[mcp]'
//	cd internal/mcptest/hosts && HOST_HEADING=CrewAI AGENTS_PAGE=../../../docs/agents.md \
//	  MARKET=http://127.0.0.1:8000 POSTER_KEY=pwk-… WORKER_KEY=pwk-… python crewai_agents.py
package mcptest
