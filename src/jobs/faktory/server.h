// Server: Faktory's protocol for the jobs of this node: workers and producers of any language.
//
// It accepts on the engine's loop, so that a command costs no hop between threads. Connections beyond the
// limit are told so and closed; what a client sends and does not take is bounded, for each and in all, and
// strangers (before HELLO is accepted) together have a quarter of it.
//
// Loop thread of the engine; made and destroyed while the loop does not run.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/secret.h"
#include "jobs/engine/engine.h"
#include "jobs/faktory/line_reader.h"
#include "jobs/faktory/metrics.h"
#include "net/listener.h"

namespace tidemill::faktory {

struct ServerOptions {
  config::Secret password;              // empty: none is asked for
  std::string description = "Faktory";  // of INFO
  std::string version;                  // our own
  std::size_t line_bytes_max = kLineBytesMax;
  std::size_t job_bytes_max = job::kJobBytesMax;
  std::size_t buffers_bytes_max = 256 << 20;
  Duration answer_timeout = Seconds(30);  // in which a client takes what it is sent
};

class Server : public net::StreamAcceptor {
 public:
  // `engine` and `metrics` outlive it. kInternal: no thread for passwords.
  static Result<std::unique_ptr<Server>> Make(jobs::Engine& engine, ServerOptions options,
                                              ServerMetrics& metrics);
  virtual ~Server() = default;

  // One that another node relays, from within its OnData.
  virtual void OnRelayed(std::unique_ptr<net::Stream> stream) = 0;
  // Says why nobody serves it, and closes it.
  virtual void Refuse(std::unique_ptr<net::Stream> stream, std::string_view why) = 0;
  virtual std::size_t connections() const = 0;
  // Whoever greets from now on is told that the server shuts down; nobody gets a job any more. Everything
  // else goes on, so that running jobs can be acknowledged.
  virtual void Drain() = 0;
  // Sends what is owed and closes all connections.
  virtual void CloseAll() = 0;
};

}  // namespace tidemill::faktory
