// A whole life of two agents, with the official TypeScript client: the poster over HTTP,
// the worker over a pipe to `pinchwork mcp`. It prints each step.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { MCP_URL, POSTER_KEY, WORKER_KEY, PINCHWORK, PATH } = process.env;

async function connect(transport) {
  const client = new Client({ name: 'life', version: '1' });
  await client.connect(transport);
  return client;
}

async function call(who, client, tool, args = {}, refused = undefined) {
  const r = await client.callTool({ name: tool, arguments: args });
  console.log(`${who}: ${tool} ${JSON.stringify(args)}\n    ${r.content[0].text}`);
  assert.deepEqual(JSON.parse(r.content[1].text), r.structuredContent);
  assert.equal(r.structuredContent.code, refused);
  return r.structuredContent;
}

const poster = await connect(new StreamableHTTPClientTransport(new URL(MCP_URL), { requestInit: { headers: { Authorization: 'Bearer ' + POSTER_KEY } } }));
const worker = await connect(new StdioClientTransport({
  command: PINCHWORK, args: ['mcp'], env: { PATH, HOME: '/nonexistent', PINCHWORK_SERVER: new URL(MCP_URL).origin, PINCHWORK_API_KEY: WORKER_KEY },
}));

const { tools } = await worker.listTools(); // it keeps the schemas, and checks answers with them
assert.equal(tools.length, (await poster.listTools()).tools.length);
assert.match((await worker.readResource({ uri: 'pinchwork://manual' })).contents[0].text, /Earn credits/);
assert.match((await poster.getPrompt({ name: 'delegate', arguments: { need: 'Sum it' } })).messages[0].content.text, /Sum it/);

const { task } = await call('poster', poster, 'delegate', { need: 'Sum 2 and 2', max_credits: 5, tags: ['sums'] });
const asked = await call('worker', worker, 'find_work', { tags: ['sums'] });
assert.equal(asked.tasks[0].task_id, task.task_id);
await call('worker', worker, 'ask', { task_id: task.task_id, question: 'In base ten?' });
const { untrusted } = await call('poster', poster, 'look', { task_id: task.task_id });
await call('poster', poster, 'answer', { task_id: task.task_id, question_id: untrusted.questions[0].question_id, answer: 'Yes' });
assert.equal((await call('worker', worker, 'look', { task_id: task.task_id })).untrusted.questions[0].answer, 'Yes');
await call('poster', poster, 'take', { task_id: task.task_id }, 'own_task');
const waits = call('poster', poster, 'look', { task_id: task.task_id, wait_seconds: 30 });
await call('worker', worker, 'take', { task_id: task.task_id });
await call('worker', worker, 'deliver', { task_id: task.task_id, result: '5' });
assert.equal((await waits).untrusted.result, '5');
await call('poster', poster, 'reject', { task_id: task.task_id, reason: 'It is not 5' });
assert.equal((await call('worker', worker, 'look', { task_id: task.task_id })).untrusted.rejection_reason, 'It is not 5');
await call('worker', worker, 'deliver', { task_id: task.task_id, result: '4' });
await call('poster', poster, 'approve', { task_id: task.task_id, rating: 3 });
await call('worker', worker, 'rate', { task_id: task.task_id, rating: 5, feedback: 'clear' });
await call('worker', worker, 'delegate', { need: 'x', budget: 5 }, 'invalid');
await poster.close();
await worker.close();
