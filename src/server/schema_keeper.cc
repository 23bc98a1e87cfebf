#include "server/schema_keeper.h"

#include <utility>

#include "base/log.h"
#include "net/backoff.h"
#include "net/sleep.h"

namespace tidemill::server {

SchemaKeeper::SchemaKeeper(net::Loop& loop, sql::Database& database, std::vector<sql::Schema> schemas,
                           sql::SchemaOptions options)
    : loop_(loop), database_(database), schemas_(std::move(schemas)), options_(std::move(options)) {
  if (!schemas_.empty()) why_ = "not looked at yet";
}

void SchemaKeeper::Start(std::function<void()> then) {
  if (schemas_.empty()) return;
  loop_.Post([this, next = std::move(then)]() mutable { scope_->Spawn(Apply(std::move(next))); });
}

Task<void> SchemaKeeper::Apply(std::function<void()> then) {
  net::Backoff backoff(Milliseconds(100), Seconds(2));
  for (;;) {
    const auto applied = co_await sql::ApplySchemas(loop_, database_, schemas_, options_);
    if (applied) {
      for (const sql::AppliedNow& each : *applied) {
        log::Info("server.schema_applied", {{"module", each.module}, {"version", each.version}});
      }
      SetWhy("");
      co_return then();
    }
    SetWhy(applied.error().detail);
    const bool passes = applied.error().code == Errc::kUnavailable || applied.error().code == Errc::kTimeout;
    if (!passes) {
      co_return log::Error("server.schema_refused", {{"why", applied.error().detail}});
    }
    co_await net::Sleep(loop_, backoff.Next());
  }
}

void SchemaKeeper::SetWhy(std::string why) {
  const std::lock_guard lock(mutex_);
  why_ = std::move(why);
}

std::optional<ServiceProblem> SchemaKeeper::problem() const {
  const std::lock_guard lock(mutex_);
  if (why_.empty()) return std::nullopt;
  return ServiceProblem{.since = since_, .from_start = true, .status = "schema not applied", .why = why_};
}

}  // namespace tidemill::server
