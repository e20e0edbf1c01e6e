-- Prints the result of wrk as JSON. caching.py runs this.

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"answered": %d, "errors": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f}\n',
    summary.requests, errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
