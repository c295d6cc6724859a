--- Traversal and dumps in an order that does not change from process to process, for the deterministic host.
--- Loaded once by the library; returns what takes the place of `next` and of `string.dump`.

local ipairs, next, rawget, setmetatable, type = ipairs, next, rawget, setmetatable, type
local collectable = { table = true, ["function"] = true, userdata = true, thread = true }

--- Keys of each table that is being traversed, in order, and the place of each.
local traversals = setmetatable({}, { __mode = "k" })

--- Whether a key comes before another: numbers, strings, booleans.
local function precedes(a, b)
  local kind, other = type(a), type(b)
  if kind ~= other then
    return kind < other
  end
  if kind == "boolean" then
    return b and not a
  end
  return a < b
end

--- Says an object's type, and of a function where it is defined.
local function description(object)
  if type(object) ~= "function" then
    return type(object)
  end
  local info = debug.getinfo(object, "S")
  return ("function %s:%09d"):format(info.source, info.linedefined)
end

--- Does what `next` does, but in an order that does not depend on the hashing of this LuaJIT, which is random
--- in each process. Keys that are objects come last, by their `description`; for those that have the same one,
--- and for 64-bit integers, the order is that of `next`.
local function ordered_next(object, key)
  local known = traversals[object]
  if key == nil then
    local list, objects = {}, {}
    for each in next, object do
      table.insert(collectable[type(each)] and objects or type(each) == "cdata" and objects or list, each)
    end
    table.sort(list, precedes)
    for i = 2, #objects do
      -- By insertion: it leaves equals where they are.
      local each, j = objects[i], i
      while j > 1 and description(each) < description(objects[j - 1]) do
        objects[j] = objects[j - 1]
        j = j - 1
      end
      objects[j] = each
    end
    for _, each in ipairs(objects) do
      list[#list + 1] = each
    end
    known = { list = list, place = {} }
    for place, each in ipairs(list) do
      known.place[each] = place
    end
    traversals[object] = known
  end
  local place = key == nil and 0 or known.place[key]
  local following = known.list[place + 1]
  if following == nil then
    traversals[object] = nil
    return nil
  end
  return following, rawget(object, following)
end

local dump = string.dump

--- Dumps a function with the entries of its constant tables in order, of which LuaJIT 2.1 knows since 2023.
local function ordered_dump(fn)
  return dump(fn, "d")
end

return ordered_next, ordered_dump
