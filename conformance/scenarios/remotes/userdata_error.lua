--- An error in a metamethod of the other side's userdata is raised where the operator is, __eq included.
local scenario = ...

local function faulty(problem)
  local u = newproxy(true)
  local mt = getmetatable(u)
  for _, event in ipairs({ "add", "concat", "eq", "lt", "le", "len", "unm", "index", "newindex", "call", "tostring" }) do
    mt["__" .. event] = function() error(problem, 0) end
  end
  return u, newproxy(u)
end
local function check(a, b, problem)
  local operators = {
    function() return a + 1 end, function() return a .. "" end, function() return a == b end,
    function() return a < b end, function() return a <= b end, function() return #a end,
    function() return -a end, function() return a.x end, function() a.x = 1 end,
    function() return a() end, function() return tostring(a) end,
  }
  for i, operator in ipairs(operators) do
    local ok, err = pcall(operator)
    assert(not ok and err == problem, i)
  end
end
local of_main = { "of main" }
local a, b = faulty(of_main)
scenario.run(function()
  check(a, b, of_main)
  local own = { "of the thread" }
  local c, d = faulty(own)
  scenario.on_main(function() check(c, d, own) end)
end)
