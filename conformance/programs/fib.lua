--- Stresses calls and returns: the doubly recursive Fibonacci function through an upvalue.
-- core: true

local function fib(n)
  if n < 2 then
    return n
  end
  return fib(n - 1) + fib(n - 2)
end

print("checksum " .. fib(34))
