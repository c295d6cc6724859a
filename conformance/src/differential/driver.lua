-- Runs a program's text as a coroutine, so that nothing below it is seen: neither its depth nor who called.
local loadstring, print, tostring, type = loadstring, print, tostring, type
local create, resume, status = coroutine.create, coroutine.resume, coroutine.status

local function run(text)
  local main, message = loadstring(text, "=program")
  if not main then
    print("does not load: " .. message)
    return
  end
  local thread = create(main)
  local ok, value = resume(thread)
  if not ok then
    print("failed: " .. (type(value) == "table" and "table" or tostring(value)))
  elseif status(thread) ~= "dead" then
    print("yielded")
  end
end
