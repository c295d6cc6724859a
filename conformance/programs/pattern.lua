--- Stresses pattern matching: `find`, `match`, `gmatch` with captures, `gsub` with strings, tables and functions, anchors,
--- sets, `%b` and backtracking.
-- core: true

local lines = {}
for i = 1, 400 do
  lines[i] = ("  local value_%d = compute(alpha[%d], { beta = %d.%d, name = 'item %d' }) -- note %d"):format(i, i * 7, i, i % 10, i, i)
end
local text = table.concat(lines, "\n")

local total = 0

for _ = 1, 18 do
  for word in text:gmatch("[%a_][%w_]*") do
    total = total + #word
  end
  for key, value in text:gmatch("(%w+) = ([%d.]+)") do
    total = total + #key + #value
  end
  for block in text:gmatch("%b{}") do
    total = total + #block
  end
end

for _ = 1, 9 do
  local s, n = text:gsub("value_(%d+)", "v%1_")
  total = total + #s + n
  s, n = text:gsub("%w+", { ["local"] = "let", compute = "call", beta = false })
  total = total + #s + n
  s, n = text:gsub("%d+", function(d)
    return "<" .. d .. ">"
  end)
  total = total + #s + n
  s, n = text:gsub("%s+$", "")
  total = total + #s + n
end

for _ = 1, 36 do
  for i = 1, #lines do
    local line = lines[i]
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
for _ = 1, 45 do
  if bad:find(".-.-b") then
    total = 0
  end
end

print("checksum " .. total)
