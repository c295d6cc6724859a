--- What can be done with a value that stays on the other side, for both sides: each does the work for the other's
--- stand-ins, and each has stand-ins, whose metamethods ask the other side.

local resume, status, yield = coroutine.resume, coroutine.status, coroutine.yield
local error, pairs, tostring = error, pairs, tostring

local M = {}

local function resumed(co, ...)
  return status(co), ...
end

--- The operators, as functions of this side.
M.operators = {
  index = function(a, key) return a[key] end,
  newindex = function(a, key, value) a[key] = value end,
  call = function(f, ...) return f(...) end,
  tostring = function(a) return tostring(a) end,
  len = function(a) return #a end,
  unm = function(a) return -a end,
  add = function(a, b) return a + b end,
  sub = function(a, b) return a - b end,
  mul = function(a, b) return a * b end,
  div = function(a, b) return a / b end,
  mod = function(a, b) return a % b end,
  pow = function(a, b) return a ^ b end,
  concat = function(a, b) return a .. b end,
  eq = function(a, b) return a == b end,
  lt = function(a, b) return a < b end,
  le = function(a, b) return a <= b end,
  --- Returns the coroutine's status after that, and what `coroutine.resume` does.
  resume = function(co, ...) return resumed(co, resume(co, ...)) end,
  status = function(co) return status(co) end,
}

--- Returns the metatable of stand-ins for userdata; `operate(operator, …)` asks the other side.
function M.metatable(operate)
  local metatable = { __metatable = false }
  for operator in pairs(M.operators) do
    metatable["__" .. operator] = function(a, b, c)
      return operate(operator, a, b, c)
    end
  end
  -- Not metamethods of userdata.
  metatable.__resume, metatable.__status = nil, nil
  function metatable.__call(...)
    return operate("call", ...)
  end
  return metatable
end

--- Resumed with this, what stands for a coroutine comes to its end.
M.END = {}

--- Returns what the stand-in for a coroutine runs: it hands on every resumption, and yields what comes back.
--- `refuse(token, reason)` has the resumption fail and returns what the next one brings: a coroutine that runs on
--- the other side cannot be resumed now, but later.
function M.coroutine(operate, refuse)
  local after

  local function go_on(token, ...)
    if (...) == M.END then
      return
    end
    return after(token, operate("resume", token, ...))
  end

  function after(token, state, ok, ...)
    if not ok and state ~= "dead" then
      return go_on(token, refuse(token, (...)))
    elseif state == "suspended" then
      return go_on(token, yield(...))
    elseif ok then
      return ...
    end
    error((...), 0)
  end

  return go_on
end

return M
