// ApiBench: methods served by the API's routes, on loops that the test drives by hand.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "api/metrics.h"
#include "api/routes.h"
#include "api/service.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tidemill::api::testing {

struct Reply {
  int status = 0;
  std::string body;  // epochs are written EPOCH
  friend bool operator==(const Reply&, const Reply&) = default;
  // For failures of gtest.
  friend void PrintTo(const Reply& reply, std::ostream* out) { *out << reply.status << " " << reply.body; }
};

class ApiBench {
 public:
  using Headers = std::vector<http::HeaderView>;

  explicit ApiBench(std::size_t loops = 1);
  ~ApiBench();
  ApiBench(const ApiBench&) = delete;
  ApiBench& operator=(const ApiBench&) = delete;

  // Under /api, on the first loop. Once.
  void Serve(std::vector<Method> methods, Limits limits = {}, std::unique_ptr<People> people = nullptr);
  // Ends what Serve began. What the methods refer to must outlive it.
  void Stop();
  void Reload(const api::HttpApiSettings& settings) { service_->ReplaceSettings(settings); }

  // Asks the route of the method, "" for the legacy one; 404 when there is none.
  Reply Post(std::string_view method, std::string_view body);
  Reply PostWith(std::string_view method, std::string_view body, Headers headers,
                 std::string_view query = "");
  Reply Get(std::string_view path);

  // A request whose response is not waited for. Destroying it is what a broken connection does.
  struct Exchange;
  struct EndExchange {
    void operator()(Exchange* exchange) const;
  };
  using ExchangePtr = std::unique_ptr<Exchange, EndExchange>;
  ExchangePtr Begin(std::string_view method, std::string_view body);
  static const std::optional<Reply>& ReplyOf(const Exchange& exchange);

  // Runs a task to its end.
  void Run(Task<void> task);
  // One turn of every loop, without waiting for anything.
  void Turn();

  net::Loop& loop(std::size_t i) { return *loops_[i]; }
  std::vector<net::Loop*> loops() const;
  const std::vector<Route>& routes() const { return routes_; }
  std::size_t changes() const { return service_->changes(); }
  const std::vector<Method>& methods() const { return service_->methods(); }

  static api::HttpApiSettings DefaultSettings();  // key "k"

  metrics::Registry registry;

 private:
  ExchangePtr Ask(const Route& route, const http::Request& request);
  Reply Wait(ExchangePtr exchange);
  const Route* Find(http::Method method, std::string_view path) const;

  std::vector<std::unique_ptr<net::Loop>> loops_;
  ApiMetrics metrics_;
  std::unique_ptr<Service> service_;
  std::vector<Route> routes_;
  TaskScope scope_;
};

}  // namespace tidemill::api::testing
