--- Stresses pattern matching: `find`, `match`, `gmatch` with captures, `gsub` with strings, tables and functions, anchors,
--- sets, `%b` and backtracking.
-- core: true

local lines = {}
for i = 1, 400 do
  lines[i] = ("  local value_%d = compute(alpha[%d], { beta = %d.%d, name = 'item %d' }) -- note %d"):format(i, i * 7, i, i % 10, i, i)
end
local text = table.concat(lines, "\n")

local total = 0

for round = 1, 26 do
  local subject = text .. round
  for word in subject:gmatch("[%a_][%w_]*") do
    total = total + #word
  end
  for key, value in subject:gmatch("(%w+) = ([%d.]+)") do
    total = total + #key + #value
  end
  for block in subject:gmatch("%b{}") do
    total = total + #block
  end
end

for round = 1, 13 do
  local subject = text .. round
  local s, n = subject:gsub("value_(%d+)", "v%1_")
  total = total + #s + n
  s, n = subject:gsub("%w+", { ["local"] = "let", compute = "call", beta = false })
  total = total + #s + n
  s, n = subject:gsub("%d+", function(d)
    return "<" .. d .. ">"
  end)
  total = total + #s + n
  s, n = subject:gsub("%s+$", "")
  total = total + #s + n
end

for round = 1, 55 do
  for i = 1, #lines do
    local line = lines[i] .. round
    local indent, name, rest = line:match("^(%s*)local%s+([%w_]+)%s*=%s*(.-)%s*%-%-")
    total = total + #indent + #name + #rest
    local from, to = line:find("beta = ", 1, true)
    total = total + from + to
    if line:find("'[^']*'%s*}%)") then
      total = total + 1
    end
    if line:find("^%s*return") then
      total = total - 1000
    end
    total = total + #line:match("(%S+)%s*$")
  end
end

-- Much backtracking, no match.
local bad = ("a"):rep(200)
for _ = 1, 4 do
  if bad:find(".-.-b") then
    total = 0
  end
end

print("checksum " .. total)
