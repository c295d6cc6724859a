--- A lost update: found only under some schedules.
local tally = require("tally")

describe("tally with a mistake", function()
  it("sums in threads", function()
    local total
    tally.start({ "to be", "to do", "to go" }, function(sum)
      total = sum
    end, { in_threads = true })
    vim.wait(1000, function()
      return total ~= nil
    end)
    assert.equal(3, total.to)
  end)
end)
