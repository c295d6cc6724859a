--- Time is virtual: it passes when everyone waits, and takes none.
describe("the clock", function()
  it("sleeps for an hour", function()
    local start = vim.uv.hrtime()
    vim.uv.sleep(3600 * 1000)
    assert.near(3600, (vim.uv.hrtime() - start) / 1e9, 0.1)
    assert.near(3600, os.clock(), 1)
  end)

  it("defers", function()
    local order = {}
    vim.defer_fn(function()
      table.insert(order, "late")
    end, 200)
    vim.defer_fn(function()
      table.insert(order, "early")
    end, 100)
    vim.schedule(function()
      table.insert(order, "now")
    end)
    vim.wait(1000, function()
      return #order == 3
    end)
    assert.same({ "now", "early", "late" }, order)
  end)

  it("repeats, and stops", function()
    local timer, count = vim.uv.new_timer(), 0
    timer:start(10, 10, function()
      assert.is_true(vim.in_fast_event())
      count = count + 1
      if count == 5 then
        timer:stop()
      end
    end)
    vim.wait(10000)
    assert.equal(5, count)
    assert.is_false(timer:is_active())
    timer:close()
  end)

  it("waits in vain", function()
    local ok, why = vim.wait(500, function()
      return false
    end)
    assert.same({ false, -1 }, { ok, why })
  end)

  it("passes for threads that compute", function()
    local thread = require("threading.sandbox").start(function()
      local start = vim.uv.now()
      local n = 0
      while vim.uv.now() - start < 50 do
        n = n + 1
      end
      return n
    end)
    local ok, n = thread:join()
    assert.is_true(ok)
    assert.is_true(n > 100)
  end)
end)

describe("vim", function()
  it("has its pure part", function()
    assert.same({ "a", "b" }, vim.split("a,b", ","))
    assert.same({ 2, 4 }, vim.iter({ 1, 2 }):map(function(n) return n * 2 end):totable())
    assert.equal("c.lua", vim.fs.basename("/a/b/c.lua"))
    assert.equal("{ 1 }", vim.inspect({ 1 }))
  end)

  it("says what to do about the rest", function()
    assert.error_matches(function()
      vim.api.nvim_get_current_buf()
    end, "vim.api.nvim_get_current_buf is the editor's.*provide it in the spec.*%-%-host nvim")
    assert.error_matches(function()
      return vim.bo.filetype
    end, "vim.bo is the editor's")
  end)

  it("takes what the spec provides", function()
    vim.bo = { filetype = "lua" }
    vim.notify = spy.new()
    assert.equal("lua", vim.bo.filetype)
    require("threading.sandbox").start(function()
      vim.notify("from " .. vim.bo.filetype)
    end):join()
    assert.spy(vim.notify).was.called_with("from lua")
  end)
end)
