--- Fails in every way there is: what the runner says of each is tested.
local sandbox = require("threading.sandbox")

it("differs", function()
  assert.are.same({ name = "a", list = { 1, 2, 3 }, same = true }, { name = "b", list = { 1, 3 }, same = true })
end)

it("fails in a thread", function()
  local function inner()
    error("inside the thread")
  end
  local thread = sandbox.start(function()
    print("printed before")
    inner()
  end, {}, { name = "worker" })
  assert(thread:join())
end)

it("asserts in a thread", function()
  local thread = sandbox.start(function()
    assert.equal(1, 2)
  end)
  local ok, problem = thread:join()
  error(problem)
end)

it("leaves an error unseen", function()
  sandbox.start(function()
    error("nobody looks")
  end)
  vim.wait(100)
end)

it("waits for ever", function()
  local answered = false
  local thread = sandbox.start(function()
    coroutine.wrap(function()
      vim.wait(2 ^ 31 - 1, function()
        return answered
      end, 2 ^ 30)
    end)()
  end)
  thread:kill()
  vim.wait(2 ^ 31 - 1, function()
    return answered
  end)
end)

it("spins", function()
  while true do
  end
end)

it("goes on behind it", function() end)

it("exits", function()
  os.exit(3)
end)

it("goes on behind that", function()
  vim.schedule(function()
    error("in a callback")
  end)
end)
