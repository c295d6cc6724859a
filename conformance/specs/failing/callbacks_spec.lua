--- Fails outside the functions of tests: in callbacks, in a block.
describe("a callback", function()
  it("asserts", function()
    vim.schedule(function()
      assert.equal("this", "that")
    end)
    vim.wait(100)
  end)
end)

describe("a block", function()
  it("is not reached", function() end)
  error("this block is broken")
end)

it("beside it runs", function() end)
