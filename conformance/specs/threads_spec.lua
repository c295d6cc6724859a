--- Threads in the test VM do what they do in Neovim.
local sandbox = require("threading.sandbox")

local function spin()
  local n = 0
  while true do
    n = n + 1
  end
end

describe("a thread", function()
  it("returns what its function returns, nils among it", function()
    local function all(...)
      return select("#", ...), ...
    end
    local n, ok, a, b, c = all(sandbox.start(function(...)
      return nil, select("#", ...), nil
    end, { 1, nil, n = 2 }):join())
    assert.same({ 4, true, 2 }, { n, ok, b })
    assert.is_nil(a)
    assert.is_nil(c)
  end)

  it("shares variables, tables and functions", function()
    local count, list = 0, {}
    local function note(text)
      list[#list + 1] = text
      return list
    end
    local ok, same = sandbox.start(function()
      count = count + 1
      return note("thread")
    end):join()
    assert.is_true(ok)
    assert.equal(list, same)
    assert.equal(1, count)
    assert.same({ "thread" }, list)
  end)

  it("fails with the error, of any type", function()
    local problem = { code = 7 }
    local thread = sandbox.start(function()
      error(problem)
    end)
    local ok, found = thread:join()
    assert.is_false(ok)
    assert.same(problem, found)
    assert.equal("failed", thread:status())
  end)

  it("can be awaited", function()
    local results
    sandbox.start(function()
      vim.uv.sleep(50)
      return "a", "b"
    end):await(function(...)
      results = { ... }
    end)
    assert.is_true(vim.wait(1000, function()
      return results ~= nil
    end))
    assert.same({ true, "a", "b" }, results)
  end)

  it("can be awaited in a coroutine", function()
    local found
    coroutine.wrap(function()
      local _, value = sandbox.start(function()
        return 42
      end):await()
      found = value
    end)()
    vim.wait(1000, function()
      return found
    end)
    assert.equal(42, found)
  end)

  it("is cancelled at a safe point, and may clean up", function()
    local cleaned
    local thread = sandbox.start(function()
      local ok, problem = pcall(spin)
      cleaned = problem
      error(problem, 0)
    end)
    vim.wait(10)
    thread:cancel("enough")
    local ok, problem = thread:join(1000)
    assert.is_false(ok)
    assert.equal("enough", problem)
    assert.equal("enough", cleaned)
    assert.equal("cancelled", thread:status())
  end)

  it("is killed, whatever it does", function()
    local thread = sandbox.start(function()
      while true do
        pcall(spin)
      end
    end)
    vim.wait(10)
    thread:kill()
    assert.is_false((thread:join(1000)))
    assert.equal("killed", thread:status())
    assert.is_false(thread:is_running())
  end)

  it("is ended by its limits", function()
    local fuel = sandbox.start(spin, {}, { fuel = 100000 })
    assert.is_false((fuel:join(60000)))
    assert.equal("out of fuel", fuel:status())
    local memory = sandbox.start(function()
      local list = {}
      while true do
        list[#list + 1] = ("x"):rep(1000) .. #list
      end
    end, {}, { memory = 4 * 1024 * 1024 })
    assert.is_false((memory:join(60000)))
    assert.equal("out of memory", memory:status())
    local time = sandbox.start(spin, {}, { timeout = 100 })
    assert.is_false((time:join(60000)))
    assert.equal("timed out", time:status())
  end)

  it("joins with a timeout", function()
    local thread = sandbox.start(function()
      vim.uv.sleep(500)
      return "late"
    end)
    local ok, why = thread:join(100)
    assert.is_nil(ok)
    assert.equal("timeout", why)
    assert.same({ true, "late" }, { thread:join() })
  end)

  it("runs functions on main, whole, and gets their results", function()
    local thread = sandbox.start(function()
      local where = vim.is_thread()
      local on_main, sum = vim.run_on_main_thread(function(a, b)
        return vim.is_thread(), a + b
      end, 1, 2)
      local ok, problem = pcall(vim.run_on_main_thread, function()
        error("no", 0)
      end)
      return where, on_main, sum, ok, problem
    end)
    assert.same({ true, true, false, 3, false, "no" }, { thread:join() })
  end)

  it("loses no update between a callback and a statement", function()
    local count = 0
    local thread = sandbox.start(function()
      for _ = 1, 20 do
        vim.schedule(function()
          count = count + 1
        end)
        count = count + 1
      end
    end)
    assert.is_true((thread:join()))
    vim.wait(1000, function()
      return count == 40
    end)
    assert.equal(40, count)
  end)

  it("may not call the editor with the policy pure", function()
    local thread = sandbox.start(function()
      return vim.api.nvim_get_current_buf()
    end, {}, { policy = "pure" })
    assert.is_false((thread:join()))
  end)

  it("may call what the lists of its policy allow", function()
    stub(vim.api, "nvim_get_current_buf").returns(7)
    stub(vim.api, "nvim_command")
    local thread = sandbox.start(function()
      return vim.api.nvim_get_current_buf(), pcall(vim.api.nvim_command, "quit")
    end, {}, { policy = { allow = { "vim.api.*" }, deny = { "vim.api.nvim_command" } } })
    local ok, buffer, is_allowed, problem = thread:join()
    assert.same({ true, 7, false }, { ok, buffer, is_allowed })
    assert.matches("vim.api.nvim_command is not allowed by the thread's policy", problem)
    assert.stub(vim.api.nvim_command).was_not.called()
  end)

  it("runs text", function()
    assert.same({ true, 3 }, { sandbox.eval("return 1 + 2"):join() })
  end)

  it("is listed, and stopped with all", function()
    sandbox.start(spin, {}, { name = "spinner" })
    assert.equal("spinner", sandbox.list()[1].name)
    assert.is_true(sandbox.stop_all(1000))
    assert.equal(0, #sandbox.list())
  end)

  it("has the results of a call before a callback runs", function()
    -- Not the test VM's own: what a spec provides.
    stub(vim, "system", function(_, _, on_exit)
      vim.schedule(function()
        on_exit({ code = 0 })
      end)
      return { pid = 7 }
    end)
    local pid
    local thread = sandbox.start(function()
      local process
      process = vim.system({ "true" }, {}, function()
        pid = process and process.pid or "none yet"
      end)
      vim.wait(1000, function()
        return pid
      end)
    end)
    assert(thread:join())
    assert.equal(7, pid)
  end)

  it("refuses options that there are not", function()
    assert.error_matches(function()
      sandbox.start(spin, {}, { foo = 1 })
    end, "unknown option 'foo'")
  end)
end)

describe("the module of threading.nvim", function()
  it("starts and stops", function()
    local threading = require("threading")
    local seen
    local thread = threading.start(function(value)
      vim.schedule(function()
        seen = value
      end)
    end, { 5 })
    vim.wait(1000, function()
      return seen
    end)
    assert.equal(5, seen)
    threading.stop(thread)
    assert.is_false(threading.is_running(thread))
  end)
end)
