--- `os.time`, `os.date`, `os.clock`, `os.difftime`.

-- UTC texts of fixed times.
local function utc(format, time, expected)
  local text = os.date("!" .. format, time)
  assert(text == expected, text)
end
utc("%Y-%m-%d %H:%M:%S", 0, "1970-01-01 00:00:00")
utc("%Y-%m-%d %H:%M:%S", 946684800, "2000-01-01 00:00:00")
utc("%Y-%m-%d %H:%M:%S", 951782400, "2000-02-29 00:00:00")
utc("%Y-%m-%d %H:%M:%S", 2147483648, "2038-01-19 03:14:08")
utc("%Y-%m-%d", -1, "1969-12-31")
utc("%d.%m.%y", 86400, "02.01.70")
utc("%j %U %w %y %%", 0, "001 00 4 70 %")
utc("%p %I %M %S", 43200 + 61, "PM 12 01 01")
utc("%H", 3600.9, "01")
utc("", 0, "")
utc("plain", 0, "plain")
utc("%a %A %b %B", 0, "Thu Thursday Jan January")

-- Tables.
local t = os.date("!*t", 951782400 + 3661)
assert(t.year == 2000 and t.month == 2 and t.day == 29 and t.hour == 1 and t.min == 1 and t.sec == 1 and t.wday == 3 and t.yday == 60 and t.isdst == false)
assert(type(os.date()) == "string" and #os.date() > 0 and type(os.date("*t")) == "table")

-- Local time there and back.
for _, time in ipairs({ 0, 1e8, 951782400, 1234567890, 1700000000 }) do
  assert(os.time(os.date("*t", time)) == time)
end
assert(os.time({ year = 2000, month = 1, day = 1 }) == os.time({ year = 2000, month = 1, day = 1, hour = 12 }), "noon unless said otherwise")
assert(os.time({ year = 2000, month = 13, day = 32 }) == os.time({ year = 2001, month = 2, day = 1 }), "fields may be out of range")
assert(os.time({ year = "2000", month = "1", day = "1" }) == os.time({ year = 2000, month = 1, day = 1 }))
assert(os.time({ year = 2000, month = 6, day = 1, hour = 12, min = 30, sec = 15 }) - os.time({ year = 2000, month = 6, day = 1 }) == 1815)
assert(os.difftime(5, 3) == 2 and os.difftime(5) == 5)

-- Now.
local now = os.time()
assert(now > 1.6e9 and now == math.floor(now) and os.time() - now < 5)
local clock = os.clock()
assert(type(clock) == "number" and clock >= 0)
local x = 0
for i = 1, 1000000 do
  x = x + i % 7
end
assert(os.clock() >= clock)

local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() return (os.time({})) end, "field 'day' missing in date table")
refused(function() return (os.time({ day = 1 })) end, "field 'month' missing in date table")
refused(function() return (os.time({ day = 1, month = 1 })) end, "field 'year' missing in date table")
refused(function() return (os.time(5)) end, "bad argument #1 to 'time' (table expected, got number)")

-- What C's functions cannot say, or say by -1.
assert(os.date("!%Y", 0 / 0) == nil and os.date("!*t", 1e300) == nil)
local before = os.date("*t", -1)
assert(os.time(before) == nil)

-- Times that are none are the earliest there is, whose distance from others is no time.
for _, moment in ipairs({ 0 / 0, 1 / 0, -1 / 0, 1e300, "inf" }) do
  assert(os.difftime(0, moment) == 2 ^ 63 and os.difftime(moment, 0) == -2 ^ 63)
end
assert(os.difftime(2 ^ 62, -2 ^ 62) == 2 ^ 63 and os.difftime(5, 7.9) == -2)
