-- Pages through all agents in ascending id.
--
-- KEYS[1]  prefix
-- ARGV[1]  the id after which to start, '' for the first    ARGV[2]  how many
--
-- Returns {agent, …}.

local after = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local agents = {}
for i, id in ipairs(call('ZRANGEBYLEX', P .. 'agents', after, '+', 'LIMIT', 0, ARGV[2])) do
  agents[i] = agent(id)
end
return agents
