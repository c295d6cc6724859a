--- Stresses a large program of many functions: a lexer, parser and closure-generating compiler for a small subset of Lua,
--- which then runs a sieve, a Fibonacci function and string work.

local keywords = {}
for word in ("and break do else elseif end false for function if local nil not or return then true while"):gmatch("%a+") do
  keywords[word] = true
end

--- Splits source text into a list of kinds and a list of values.
local function lex(source)
  local kinds, values, n = {}, {}, 0
  local at, size = 1, #source
  local function add(kind, value)
    n = n + 1
    kinds[n], values[n] = kind, value
  end
  while at <= size do
    local b = source:byte(at)
    if b == 32 or b == 10 or b == 9 then
      at = at + 1
    elseif b == 45 and source:byte(at + 1) == 45 then
      at = (source:find("\n", at, true) or size) + 1
    elseif (b >= 97 and b <= 122) or (b >= 65 and b <= 90) or b == 95 then
      local word = source:match("^[%w_]+", at)
      if keywords[word] then
        add(word, word)
      else
        add("name", word)
      end
      at = at + #word
    elseif b >= 48 and b <= 57 then
      local digits = source:match("^[%d.]+", at)
      add("number", tonumber(digits))
      at = at + #digits
    elseif b == 34 then
      local stop = source:find('"', at + 1, true)
      add("string", source:sub(at + 1, stop - 1))
      at = stop + 1
    else
      local two = source:sub(at, at + 1)
      if two == "==" or two == "~=" or two == "<=" or two == ">=" or two == ".." then
        add(two, two)
        at = at + 2
      else
        local one = source:sub(at, at)
        add(one, one)
        at = at + 1
      end
    end
  end
  add("eof", "eof")
  return kinds, values
end

local precedence = {
  ["or"] = 1, ["and"] = 2,
  ["<"] = 3, [">"] = 3, ["<="] = 3, [">="] = 3, ["=="] = 3, ["~="] = 3,
  [".."] = 4, ["+"] = 5, ["-"] = 5, ["*"] = 6, ["/"] = 6, ["%"] = 6,
}

--- Parses a token list into nested tables.
local function parse(kinds, values)
  local at = 1
  local block, expression

  local function accept(kind)
    if kinds[at] == kind then
      at = at + 1
      return values[at - 1]
    end
  end
  local function expect(kind)
    local value = accept(kind)
    if not value then
      error(kind .. " expected near " .. tostring(values[at]))
    end
    return value
  end
  local function list()
    local items = {}
    repeat
      items[#items + 1] = expression(0)
    until not accept(",")
    return items
  end
  local function names()
    local items = {}
    repeat
      items[#items + 1] = expect("name")
    until not accept(",")
    return items
  end
  local function body(name)
    expect("(")
    local params = kinds[at] == "name" and names() or {}
    expect(")")
    local statements = block()
    expect("end")
    return { tag = "function", params = params, body = statements, name = name }
  end

  local function table_constructor()
    local items = {}
    while not accept("}") do
      items[#items + 1] = expression(0)
      accept(",")
    end
    return { tag = "table", items = items }
  end

  local function primary()
    local kind, value = kinds[at], values[at]
    local node
    at = at + 1
    if kind == "name" then
      node = { tag = "name", name = value }
    elseif kind == "number" or kind == "string" then
      return { tag = "constant", value = value }
    elseif kind == "true" then
      return { tag = "constant", value = true }
    elseif kind == "false" then
      return { tag = "constant", value = false }
    elseif kind == "nil" then
      return { tag = "constant", value = nil }
    elseif kind == "function" then
      return body()
    elseif kind == "{" then
      return table_constructor()
    elseif kind == "(" then
      node = expression(0)
      expect(")")
    else
      error("unexpected " .. tostring(value))
    end
    while true do
      if accept("[") then
        node = { tag = "index", object = node, key = expression(0) }
        expect("]")
      elseif accept(".") then
        node = { tag = "index", object = node, key = { tag = "constant", value = expect("name") } }
      elseif accept("(") then
        local args = kinds[at] == ")" and {} or list()
        expect(")")
        node = { tag = "call", callee = node, args = args }
      else
        return node
      end
    end
  end

  local function unary()
    if accept("not") then
      return { tag = "not", operand = expression(7) }
    elseif accept("-") then
      return { tag = "negate", operand = expression(7) }
    elseif accept("#") then
      return { tag = "length", operand = expression(7) }
    end
    return primary()
  end

  function expression(limit)
    local left = unary()
    while true do
      local op = kinds[at]
      local level = precedence[op]
      if not level or level <= limit then
        return left
      end
      at = at + 1
      left = { tag = "binary", op = op, left = left, right = expression(level) }
    end
  end

  local function if_statement()
    local node = { tag = "if", tests = {}, blocks = {} }
    repeat
      node.tests[#node.tests + 1] = expression(0)
      expect("then")
      node.blocks[#node.blocks + 1] = block()
    until not accept("elseif")
    if accept("else") then
      node.otherwise = block()
    end
    expect("end")
    return node
  end

  local function statement()
    if accept("local") then
      if accept("function") then
        local name = expect("name")
        return { tag = "local_function", name = name, value = body(name) }
      end
      local targets = names()
      return { tag = "local", names = targets, values = accept("=") and list() or {} }
    elseif accept("if") then
      return if_statement()
    elseif accept("while") then
      local test = expression(0)
      expect("do")
      local statements = block()
      expect("end")
      return { tag = "while", test = test, body = statements }
    elseif accept("for") then
      local name = expect("name")
      expect("=")
      local bounds = list()
      expect("do")
      local statements = block()
      expect("end")
      return { tag = "for", name = name, first = bounds[1], last = bounds[2], step = bounds[3], body = statements }
    elseif accept("return") then
      return { tag = "return", value = expression(0) }
    elseif accept("break") then
      return { tag = "break" }
    end
    local target = primary()
    if accept("=") then
      return { tag = "assign", target = target, value = expression(0) }
    end
    return { tag = "do_call", call = target }
  end

  function block()
    local statements = {}
    while true do
      local kind = kinds[at]
      if kind == "end" or kind == "else" or kind == "elseif" or kind == "eof" then
        return statements
      end
      statements[#statements + 1] = statement()
    end
  end

  local statements = block()
  expect("eof")
  return statements
end

local binary = {
  ["+"] = function(a, b) return function(f) return a(f) + b(f) end end,
  ["-"] = function(a, b) return function(f) return a(f) - b(f) end end,
  ["*"] = function(a, b) return function(f) return a(f) * b(f) end end,
  ["/"] = function(a, b) return function(f) return a(f) / b(f) end end,
  ["%"] = function(a, b) return function(f) return a(f) % b(f) end end,
  [".."] = function(a, b) return function(f) return a(f) .. b(f) end end,
  ["<"] = function(a, b) return function(f) return a(f) < b(f) end end,
  [">"] = function(a, b) return function(f) return a(f) > b(f) end end,
  ["<="] = function(a, b) return function(f) return a(f) <= b(f) end end,
  [">="] = function(a, b) return function(f) return a(f) >= b(f) end end,
  ["=="] = function(a, b) return function(f) return a(f) == b(f) end end,
  ["~="] = function(a, b) return function(f) return a(f) ~= b(f) end end,
  ["and"] = function(a, b) return function(f) return a(f) and b(f) end end,
  ["or"] = function(a, b) return function(f) return a(f) or b(f) end end,
}

--- Turns the tree into closures. A scope maps names to slots; a frame holds the slots' values and its parent frame.
local compile_expression, compile_block

local function resolve(scope, name)
  local depth = 0
  local s = scope
  while s do
    local slot = s.slots[name]
    if slot then
      return depth, slot
    end
    s = s.parent
    depth = depth + 1
  end
end

local function declare(scope, name)
  scope.count = scope.count + 1
  scope.slots[name] = scope.count
  return scope.count
end

local expressions = {
  constant = function(node)
    local value = node.value
    return function()
      return value
    end
  end,
  name = function(node, scope)
    local depth, slot = resolve(scope, node.name)
    if not depth then
      error("unknown name " .. node.name)
    elseif depth == 0 then
      return function(frame)
        return frame[slot]
      end
    elseif depth == 1 then
      return function(frame)
        return frame.parent[slot]
      end
    end
    return function(frame)
      for _ = 1, depth do
        frame = frame.parent
      end
      return frame[slot]
    end
  end,
  index = function(node, scope)
    local object, key = compile_expression(node.object, scope), compile_expression(node.key, scope)
    return function(frame)
      return object(frame)[key(frame)]
    end
  end,
  call = function(node, scope)
    local callee = compile_expression(node.callee, scope)
    local args = {}
    for i = 1, #node.args do
      args[i] = compile_expression(node.args[i], scope)
    end
    local a, b, c = args[1], args[2], args[3]
    if not a then
      return function(frame)
        return callee(frame)()
      end
    elseif not b then
      return function(frame)
        return callee(frame)(a(frame))
      end
    elseif not c then
      return function(frame)
        return callee(frame)(a(frame), b(frame))
      end
    end
    return function(frame)
      return callee(frame)(a(frame), b(frame), c(frame))
    end
  end,
  table = function(node, scope)
    local items = {}
    for i = 1, #node.items do
      items[i] = compile_expression(node.items[i], scope)
    end
    return function(frame)
      local t = {}
      for i = 1, #items do
        t[i] = items[i](frame)
      end
      return t
    end
  end,
  binary = function(node, scope)
    return binary[node.op](compile_expression(node.left, scope), compile_expression(node.right, scope))
  end,
  negate = function(node, scope)
    local operand = compile_expression(node.operand, scope)
    return function(frame)
      return -operand(frame)
    end
  end,
  length = function(node, scope)
    local operand = compile_expression(node.operand, scope)
    return function(frame)
      return #operand(frame)
    end
  end,
}
expressions["not"] = function(node, scope)
  local operand = compile_expression(node.operand, scope)
  return function(frame)
    return not operand(frame)
  end
end
expressions["function"] = function(node, scope)
  local inner = { parent = scope, slots = {}, count = 0 }
  for i = 1, #node.params do
    declare(inner, node.params[i])
  end
  local run = compile_block(node.body, inner)
  return function(frame)
    return function(a, b, c)
      local _, value = run({ a, b, c, parent = frame })
      return value
    end
  end
end

function compile_expression(node, scope)
  return expressions[node.tag](node, scope)
end

-- A statement gives nil to go on, "break" or "return", and the value returned.
local statements = {
  ["local"] = function(node, scope)
    local values, slots = {}, {}
    for i = 1, #node.names do
      values[i] = node.values[i] and compile_expression(node.values[i], scope) or function() end
    end
    for i = 1, #node.names do
      slots[i] = declare(scope, node.names[i])
    end
    if #slots == 1 then
      local value, slot = values[1], slots[1]
      return function(frame)
        frame[slot] = value(frame)
      end
    end
    return function(frame)
      for i = 1, #slots do
        frame[slots[i]] = values[i](frame)
      end
    end
  end,
  local_function = function(node, scope)
    local slot = declare(scope, node.name)
    local value = compile_expression(node.value, scope)
    return function(frame)
      frame[slot] = value(frame)
    end
  end,
  assign = function(node, scope)
    local value = compile_expression(node.value, scope)
    local target = node.target
    if target.tag == "index" then
      local object, key = compile_expression(target.object, scope), compile_expression(target.key, scope)
      return function(frame)
        object(frame)[key(frame)] = value(frame)
      end
    end
    local depth, slot = resolve(scope, target.name)
    if depth == 0 then
      return function(frame)
        frame[slot] = value(frame)
      end
    end
    return function(frame)
      local holder = frame
      for _ = 1, depth do
        holder = holder.parent
      end
      holder[slot] = value(frame)
    end
  end,
  do_call = function(node, scope)
    local call = compile_expression(node.call, scope)
    return function(frame)
      call(frame)
    end
  end,
}
statements["return"] = function(node, scope)
  local value = compile_expression(node.value, scope)
  return function(frame)
    return "return", value(frame)
  end
end
statements["break"] = function()
  return function()
    return "break"
  end
end
statements["if"] = function(node, scope)
  local tests, blocks = {}, {}
  for i = 1, #node.tests do
    tests[i] = compile_expression(node.tests[i], scope)
    blocks[i] = compile_block(node.blocks[i], scope)
  end
  local otherwise = node.otherwise and compile_block(node.otherwise, scope)
  return function(frame)
    for i = 1, #tests do
      if tests[i](frame) then
        return blocks[i](frame)
      end
    end
    if otherwise then
      return otherwise(frame)
    end
  end
end
statements["while"] = function(node, scope)
  local test, body = compile_expression(node.test, scope), compile_block(node.body, scope)
  return function(frame)
    while test(frame) do
      local signal, value = body(frame)
      if signal == "break" then
        return
      elseif signal then
        return signal, value
      end
    end
  end
end
statements["for"] = function(node, scope)
  local first, last = compile_expression(node.first, scope), compile_expression(node.last, scope)
  local step = node.step and compile_expression(node.step, scope)
  local slot = declare(scope, node.name)
  local body = compile_block(node.body, scope)
  return function(frame)
    for i = first(frame), last(frame), step and step(frame) or 1 do
      frame[slot] = i
      local signal, value = body(frame)
      if signal == "break" then
        return
      elseif signal then
        return signal, value
      end
    end
  end
end

function compile_block(nodes, scope)
  local list = {}
  for i = 1, #nodes do
    list[i] = statements[nodes[i].tag](nodes[i], scope)
  end
  local n = #list
  return function(frame)
    for i = 1, n do
      local signal, value = list[i](frame)
      if signal then
        return signal, value
      end
    end
  end
end

local function load_tiny(source, globals)
  local scope = { slots = {}, count = 0 }
  local frame = {}
  for i = 1, #globals, 2 do
    frame[declare(scope, globals[i])] = globals[i + 1]
  end
  local tree = parse(lex(source))
  local run = compile_block(tree, scope)
  return function()
    local _, value = run(frame)
    return value
  end
end

local source = [[
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local function primes(limit)
  local marked = {}
  local count = 0
  for i = 2, limit do
    if not marked[i] then
      count = count + 1
      for j = i * i, limit, i do
        marked[j] = true
      end
    end
  end
  return count
end

local function words(n)
  local text = ""
  local i = 0
  while true do
    i = i + 1
    if i > n then break end
    text = text .. char(97 + i % 26) -- a letter
    if i % 7 == 0 or i % 11 == 0 then
      text = text .. " "
    elseif i % 13 == 0 and not (i % 5 == 0) then
      text = text .. "-"
    end
  end
  return #text
end

local function compose(f, g)
  return function(x) return f(g(x)) end
end
local twice = compose(function(x) return x * 2 end, function(x) return x + 1 end)
local total = 0
for i = 1, 3000 do
  total = total + twice(i)
end
return total + fib(19) + primes(12000) * 3 + words(1200)
]]

local total = 0
for _ = 1, 130 do
  local kinds = lex(source)
  total = total + #kinds
  parse(lex(source))
end
for _ = 1, 30 do
  total = total + load_tiny(source, { "char", string.char })()
end
print("checksum " .. total)
