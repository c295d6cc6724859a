--- A small plugin: counts words of many texts in threads, and tells the user about them.
local sandbox = require("threading.sandbox")

local M = {}

--- Counts how often each word occurs in a text.
function M.count(text)
  local counts = {}
  for word in text:gmatch("%a+") do
    word = word:lower()
    counts[word] = (counts[word] or 0) + 1
  end
  return counts
end

--- Adds counts to others.
local function add(total, counts)
  local function get(word)
    return total[word] or 0
  end
  local function set(word, count)
    total[word] = count
  end
  for word, count in pairs(counts) do
    local before = get(word)
    set(word, before + count)
  end
end

--- Counts the words of texts, each in a thread of its own, and calls back with the sum.
---@param opts? { in_threads: boolean } adds in the threads: a mistake, for others may write at the same time
function M.start(texts, done, opts)
  local total, left = {}, #texts
  local in_threads = opts and opts.in_threads
  for _, text in ipairs(texts) do
    sandbox.start(function()
      local counts = M.count(text)
      if in_threads then
        add(total, counts)
      end
      -- Callbacks on main run whole, one after the other.
      vim.schedule(function()
        if not in_threads then
          add(total, counts)
        end
        left = left - 1
        if left == 0 then
          done(total)
        end
      end)
    end)
  end
end

--- Tells the user once a second how long something has taken.
function M.watch(seconds, done)
  local passed = 0
  local timer = vim.uv.new_timer()
  timer:start(1000, 1000, function()
    passed = passed + 1
    if passed == seconds then
      timer:stop()
      timer:close()
      vim.schedule(function()
        done()
      end)
    end
  end)
end

return M
