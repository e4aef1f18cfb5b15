package pinchwork_test

// typedOnPages reads all commands of ours in the pages: each exists, with its flags.
const typedOnPages = "cmd/pinchwork.TestTheDocumentsNameCommandsThatExist"

// operationsSteps types the steps of the operations page and its backup of Postgres.
const operationsSteps = "internal/deploytest.TestTheStepsOfTheOperationsPage"

// provenBlocks are, for each page, who proves its blocks; the first whose language and
// beginning fit counts.
var provenBlocks = map[string][]proof{
	"README.md": {
		{language: "console", tests: []string{"pinchwork.TestReadmeWalkThrough"}},
		{language: "sh", begins: "curl -fsSL https://raw", tests: []string{
			"cmd/pinchwork.TestInstallScript", "cmd/pinchwork.TestReleaseConfigurationFitsTheScript", "internal/deploytest.TestContainer",
		}},
		{language: "sh", begins: "pinchwork dev\n", tests: []string{"cmd/pinchwork.TestScripts", "cmd/pinchwork/internal/dev.TestTheDemoAgentsTradeAndNothingIsLeft"}},
		{language: "sh", begins: "go run ./cmd/pinchwork serve\ngo test ./...\n", tests: []string{"cmd/pinchwork.TestTheDocumentsServe"}},
	},
	"CONTRIBUTING.md": {
		{language: "sh", begins: "make  ", tests: []string{"pinchwork.TestThePagesMakeWhatThereIs"}},
		{language: "sh", begins: "PINCHWORK_SIM_SEED=42 ", tests: []string{"internal/sim.TestRandom"}},
	},
	"docs/a2a.md": {
		{language: "json", begins: `{"messageId": `, tests: []string{"a2aserver.TestTheMessageOfThePagePostsATask"}},
		{begins: "stream    task submitted", tests: []string{"cmd/pinchwork/internal/serve.TestACustomerOnThePythonSDK"}},
	},
	"docs/agents.md": {
		{language: "sh", begins: "pinchwork register --server https://YOUR-SERVER ", tests: []string{typedOnPages}},
		{language: "sh", begins: "claude mcp add ", tests: []string{"internal/mcptest.TestClaudeCodeConnects"}},
		{language: "json", tests: []string{"internal/mcptest.TestEveryConfigurationOfThePageWorks"}},
		{language: "python", begins: "import os\nfrom agents ", tests: []string{"internal/mcptest.TestTheOpenAIAgentsSDKLivesALife"}},
		{language: "python", begins: "from agents ", tests: []string{"internal/mcptest.TestTheOpenAIAgentsSDKLivesALife"}},
		{language: "python", begins: "import os\nfrom langchain_mcp_adapters", tests: []string{"internal/mcptest.TestLangChainLivesALife"}},
		{language: "python", begins: "from langchain_mcp_adapters", tests: []string{"internal/mcptest.TestLangChainLivesALife"}},
		{language: "python", begins: "import os\nfrom crewai_tools ", sample: "CrewAI wants other versions of what the SDKs share; the page says that it is tried by hand"},
		{language: "python", begins: "from crewai_tools ", sample: "the same"},
	},
	"docs/architecture.md": {
		{begins: "   command line ─► ", sample: "a drawing; .ci/arrows holds the arrows"},
		{begins: " agent            market", sample: "a drawing"},
	},
	"docs/embed.md": {
		{language: "sh", begins: "go mod edit -replace ", sample: ".ci/embed runs it in a module of its own"},
	},
	"docs/lifecycle.md": {
		{language: "mermaid", tests: []string{"market.TestLifecycleIsAsDocumented"}},
	},
	"docs/operations.md": {
		{language: "sh", begins: "psql -U postgres ", tests: []string{operationsSteps}},
		{language: "sh", begins: "umask 077\nopenssl ", tests: []string{operationsSteps}},
		{language: "yaml", begins: "store-file: ", tests: []string{operationsSteps}},
		{language: "sh", begins: "pinchwork serve --config ", tests: []string{operationsSteps}},
		{language: "sh", begins: "SITE=market.example ", tests: []string{"internal/deploytest.TestCaddy"}},
		{language: "sh", begins: "openssl req ", tests: []string{operationsSteps}},
		{language: "sh", begins: "pinchwork --server https://market.example register", tests: []string{operationsSteps}},
		{language: "sh", begins: "pinchwork admin operators ", tests: []string{typedOnPages, "cmd/pinchwork.TestScripts"}},
		{language: "sh", begins: "pinchwork admin agents ", tests: []string{typedOnPages, "cmd/pinchwork.TestScripts"}},
		{language: "sh", begins: "pinchwork admin tasks resolve ", tests: []string{typedOnPages, "cmd/pinchwork.TestScripts"}},
		{language: "sh", begins: "umask 077\npg_dump ", tests: []string{operationsSteps}},
		{language: "sh", begins: "umask 077\npinchwork backup ", tests: []string{"internal/deploytest.TestTheBackupOfAFileOnTheOperationsPage"}},
		{language: "sh", begins: "mkdir backup\n", tests: []string{"internal/deploytest.TestTheBackupOfRedisOnTheOperationsPage"}},
		{language: "sh", begins: "pinchwork audit ", tests: []string{"internal/deploytest.TestTheBackupOfAFileOnTheOperationsPage"}},
		{language: "sh", begins: "go test -run '^$' -bench IdleServer ", tests: []string{
			"cmd/pinchwork/internal/serve.BenchmarkIdleServer", "cmd/pinchwork/internal/serve.BenchmarkWebhookLatency",
		}},
	},
	"docs/serve.md": {
		{language: "sh", begins: "pinchwork serve ", tests: []string{"cmd/pinchwork.TestTheDocumentsServe"}},
		{language: "sh", begins: "umask 077\n", tests: []string{"cmd/pinchwork.TestTheDocumentsServe"}},
		{language: "sh", begins: "pinchwork admin invite ", tests: []string{typedOnPages, "cmd/pinchwork.TestScripts"}},
	},
	"docs/tour.md": {
		{language: "console", tests: []string{"cmd/pinchwork.TestTheTour"}},
	},
	"docs/workers.md": {
		{begins: "pinchwork work --exec ", tests: []string{typedOnPages, "cmd/pinchwork.TestScripts"}},
		{begins: "pinchwork work --http ", tests: []string{typedOnPages, "cmd/pinchwork.TestScripts"}},
		{language: "json", begins: `{"task_id": `, tests: []string{"cmd/pinchwork/internal/httpagent.TestTheRequestOfThePage"}},
		{begins: "pinchwork work --a2a ", tests: []string{typedOnPages, "cmd/pinchwork/internal/a2aagent.TestAnAgentOnThePythonSDKWorks"}},
	},
}
