--- A runtime error names the upvalue.
local scenario = ...

local missing
local ok, why = scenario.start(function() return missing.field end):join()
assert(not ok and why:match("attempt to index upvalue 'missing' %(a nil value%)"))
