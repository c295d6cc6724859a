--- Main without an event loop: `vim.schedule` and `vim.wait` on a queue of their own, so that whoever waits
--- decides what happens next. For the hosts `vm` and `threads`; `install` comes before the plugin is loaded.

local M = {}

local first, last, posted = 1, 0, {}

--- Whether something waits that `vim.schedule` was given.
function M.has_posted()
  return first <= last
end

--- Calls the function that has waited longest, and returns whether there was one.
function M.run_posted()
  if first > last then
    return false
  end
  local fn = posted[first]
  posted[first] = nil
  first = first + 1
  local ok, problem = xpcall(fn, debug.traceback)
  if not ok then
    vim.notify(tostring(problem), vim.log.levels.ERROR)
  end
  return true
end

--- Makes main wait so from now on.
---@param now fun(): number milliseconds
---@param move fun(left: number, may_post: boolean) lets something happen, or time pass, up to that many milliseconds
function M.install(now, move)
  function vim.schedule(fn)
    last = last + 1
    posted[last] = fn
  end

  function vim.wait(milliseconds, condition, _, fast_only)
    local deadline = now() + milliseconds
    repeat
      if condition and condition() then
        return true
      end
      move(deadline - now(), not fast_only)
    until now() >= deadline
    if condition and condition() then
      return true
    end
    return false, -1
  end
end

return M
