--- Stresses an event-driven program: tasks as coroutines, timers in a sorted queue, mailboxes, listeners as closures;
--- the shape of an editor plugin's asynchronous code.

local yield, resume, create, status = coroutine.yield, coroutine.resume, coroutine.create, coroutine.status

local Loop = {}
Loop.__index = Loop

function Loop.new()
  return setmetatable({ now = 0, ready = {}, first = 1, last = 0, timers = {}, listeners = {} }, Loop)
end

function Loop:post(task, value)
  self.last = self.last + 1
  self.ready[self.last] = { task = task, value = value }
end

function Loop:spawn(f, ...)
  local args = { ... }
  local task = { mailbox = {}, head = 1 }
  task.co = create(function()
    return f(self, task, args[1], args[2])
  end)
  self:post(task)
  return task
end

function Loop:after(delay, task)
  local due = self.now + delay
  local timers = self.timers
  local at = #timers + 1
  while at > 1 and timers[at - 1].due < due do
    timers[at] = timers[at - 1]
    at = at - 1
  end
  timers[at] = { due = due, task = task }
end

function Loop:on(name, listener)
  local list = self.listeners[name] or {}
  self.listeners[name] = list
  list[#list + 1] = listener
end

function Loop:emit(name, ...)
  local list = self.listeners[name]
  if list then
    for i = 1, #list do
      list[i](...)
    end
  end
end

function Loop:send(task, message)
  task.mailbox[#task.mailbox + 1] = message
  if task.waiting then
    task.waiting = false
    self:post(task)
  end
end

function Loop:run()
  while true do
    while self.first <= self.last do
      local item = self.ready[self.first]
      self.ready[self.first] = nil
      self.first = self.first + 1
      local task = item.task
      local ok, request, amount = resume(task.co, item.value)
      if not ok then
        error(request)
      end
      if status(task.co) ~= "dead" then
        if request == "sleep" then
          self:after(amount, task)
        elseif request == "receive" then
          if task.mailbox[task.head] then
            self:post(task)
          else
            task.waiting = true
          end
        else
          self:post(task)
        end
      else
        self:emit("done", task)
      end
    end
    local timers = self.timers
    local timer = timers[#timers]
    if not timer then
      return
    end
    timers[#timers] = nil
    self.now = timer.due
    self:post(timer.task)
  end
end

local function receive(task)
  while not task.mailbox[task.head] do
    yield("receive")
  end
  local message = task.mailbox[task.head]
  task.mailbox[task.head] = nil
  task.head = task.head + 1
  return message
end

local total, finished = 0, 0

for round = 1, 7 do
  local loop = Loop.new()
  loop:on("done", function()
    finished = finished + 1
  end)
  loop:on("value", function(value)
    total = (total + value) % 1000000007
  end)

  local sink = loop:spawn(function(l, task, expected)
    for _ = 1, expected do
      l:emit("value", receive(task))
    end
  end, 200 * 50)

  for id = 1, 200 do
    loop:spawn(function(l, _, number)
      for i = 1, 50 do
        yield("sleep", (number * 7 + i * 13) % 17 + 1)
        l:send(sink, number * i + round)
        if i % 5 == 0 then
          yield("again")
        end
      end
    end, id)
  end
  loop:run()
  total = total + loop.now
end
print("checksum " .. total .. " " .. finished)
