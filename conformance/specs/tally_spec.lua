--- How a plugin is tested: a module of its own, threads, timers, and a part of the editor that the spec provides.
local tally = require("tally")

describe("tally", function()
  local texts

  before_each(function()
    texts = { "to be or not to be", "to do is to be", "do be do" }
  end)

  it("counts words", function()
    assert.are.same({ to = 2, be = 2, ["or"] = 1, ["not"] = 1 }, tally.count(texts[1]))
  end)

  it("sums in threads", function()
    local total
    tally.start(texts, function(sum)
      total = sum
    end)
    assert.is_true(vim.wait(1000, function()
      return total ~= nil
    end))
    assert.are.same({ to = 4, be = 4, ["or"] = 1, ["not"] = 1, ["do"] = 3, is = 1 }, total)
  end)

  it("watches for an hour, in no time", function()
    local done = spy.new(function() end)
    local start = vim.uv.hrtime()
    tally.watch(3600, done)
    vim.wait(3599.5 * 1000)
    assert.spy(done).was_not.called()
    vim.wait(1000)
    assert.spy(done).was.called(1)
    assert.is_true(vim.uv.hrtime() - start >= 3600e9)
  end)

  it("calls what the spec provides of the editor", function()
    local lines
    stub(vim.api, "nvim_buf_set_lines").invokes(function(_, _, _, _, new)
      assert.is_false(vim.is_thread())
      lines = new
    end)
    local thread = require("threading.sandbox").start(function()
      vim.api.nvim_buf_set_lines(0, 0, -1, false, { "one", "two" })
      return vim.is_thread()
    end)
    assert.is_true(select(2, thread:join()))
    assert.are.same({ "one", "two" }, lines)
  end)

  pending("counts in other languages")
end)
