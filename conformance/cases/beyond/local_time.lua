--- Local times at the edges. The half hour that occurs twice is there only in the zone that a test sets.

if os.getenv("TZ") == "CET-1CEST,M3.5.0,M10.5.0/3" then
  local twice = { year = 2021, month = 10, day = 31, hour = 2, min = 30 }
  for _ = 1, 2 do
    assert(os.time(twice) == 1635640200, "the first, whatever was asked before")
    os.time({ year = 2021, month = 1, day = 1 })
    assert(os.time(twice) == 1635640200)
    os.time({ year = 2021, month = 7, day = 1 })
  end
  assert(os.time({ year = 2021, month = 10, day = 31, hour = 2, min = 30, isdst = false }) == 1635643800)
  assert(os.date("%H:%M %Z", 1635640200) == "02:30 CEST" and os.date("%H:%M %Z", 1635643800) == "02:30 CET")
  -- Far out there are no zones: the C library takes off an hour.
  local far = { year = 2 ^ 31 - 1, month = 1, day = 1, hour = 0 }
  assert(os.time(far) % 86400 == 0)
end
