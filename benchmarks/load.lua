-- Sends each request of a file exactly once, then stops wrk. `make bench` runs this, see load.py.
--
--   wrk … --script load.lua URL -- FILE
--
-- Each line of the file contains a method, a path and a body, separated by tabs.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } timespec;
  int clock_gettime(int clock, timespec *time);
  int getpid(void);
  int kill(int process, int signal);
]]
local MONOTONIC, SIGINT = 1, 2

local function now()
  local time = ffi.new("timespec")
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  requests, sent, answered, failed, first, last, examined = {}, 0, 0, 0, 0, 0, false
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%S+)\t(%S+)\t(.*)$")
    local headers = {}
    for name, value in pairs(wrk.headers) do headers[name] = value end
    if body ~= "" then headers["Content-Type"] = "application/json" end
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  if not examined then -- wrk calls this once before it starts, and doesn't send the result
    examined = true
    return requests[1]
  end
  if sent == 0 then first = now() end
  if sent == #requests then return "" end -- sends nothing
  sent = sent + 1
  return requests[sent]
end

function response(status)
  answered, last = answered + 1, now()
  if status < 200 or status > 299 then failed = failed + 1 end
  if answered == #requests then ffi.C.kill(ffi.C.getpid(), SIGINT) end
end

function done(summary, latency)
  local thread, errors = threads[1], summary.errors
  io.write(string.format(
    'RESULT {"answered": %d, "failed": %d, "lost": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f}\n',
    thread:get("answered"), thread:get("failed"),
    errors.connect + errors.read + errors.write + errors.timeout,
    thread:get("last") - thread:get("first"),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
