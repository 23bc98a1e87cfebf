#include "http/client_pool.h"

#include <algorithm>
#include <coroutine>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "http/client_connection.h"

namespace tidemill::http {
namespace {

class Waiter;

// A server to which connections are kept. It exists while it has a connection.
struct Origin {
  std::string key;
  std::size_t connections = 0;  // in use, being made and idle
  std::vector<std::unique_ptr<ClientConnection>> idle;
  std::deque<Waiter*> waiting;
};

class LoopClientPool;

// The right to one connection of an origin, with the kept connection if there was one. Given back when it
// ends.
class Lease {
 public:
  Lease(LoopClientPool& pool, Origin& origin, std::unique_ptr<ClientConnection> kept)
      : connection(std::move(kept)), pool_(&pool), origin_(&origin) {}
  Lease(Lease&& other) noexcept
      : connection(std::move(other.connection)),
        pool_(std::exchange(other.pool_, nullptr)),
        origin_(other.origin_) {}
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  std::unique_ptr<ClientConnection> connection;

 private:
  LoopClientPool* pool_;
  Origin* origin_;
};

class LoopClientPool final : public ClientPool, private ClientConnection::Keeper {
 public:
  LoopClientPool(net::Loop& loop, ClientPoolOptions options) : loop_(loop), options_(std::move(options)) {
    TM_ASSERT(options_.connections_per_origin_max > 0);
  }

  Task<Result<ClientResponse>> Fetch(ClientRequest request) override;
  std::size_t connections() const override { return connections_; }
  std::size_t waiting() const override { return waiting_; }

  void Release(Origin& origin, std::unique_ptr<ClientConnection> connection);
  void CountWaiting(int by);
  net::Loop& loop() { return loop_; }

 private:
  Task<Result<Lease>> Acquire(std::string key, MonotonicTime deadline, std::function<void()>* withdraw);
  std::optional<Lease> TryTake(Origin& origin);
  void OnIdleEnd(ClientConnection& connection) override;
  void CountConnections(Origin& origin, int by);
  void ForgetIfUnused(Origin& origin);

  net::Loop& loop_;
  const ClientPoolOptions options_;
  std::unordered_map<std::string, std::unique_ptr<Origin>> origins_;
  std::size_t connections_ = 0;
  std::size_t idle_ = 0;
  std::size_t waiting_ = 0;
};

Lease::~Lease() {
  if (pool_) pool_->Release(*origin_, std::move(connection));
}

// A request that waits for a lease. An awaitable: destroying it gives the place up.
class Waiter final : private net::Pollable, private net::Timer {
 public:
  Waiter(LoopClientPool& pool, Origin& origin, MonotonicTime deadline, std::function<void()>* withdraw)
      : pool_(pool), origin_(origin), withdraw_(withdraw) {
    origin_.waiting.push_back(this);
    pool_.CountWaiting(1);
    pool_.loop().timers().Schedule(*this, deadline);
    if (withdraw_) *withdraw_ = [this] { Withdraw(); };
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() override {
    pool_.loop().Disarm(*this);
    if (withdraw_) *withdraw_ = nullptr;
    if (!lease_) Leave();
  }

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiter) { awaiter_ = awaiter; }
  Result<Lease> await_resume() {
    if (lease_) return *std::move(lease_);
    if (withdrawn_) return Fail(Errc::kCancelled, "it was withdrawn while it waited");
    return Fail(Errc::kTimeout, "no connection was free in time");
  }

  // The pool has taken it off the list. Goes on in the next turn: one that ends at once would give its lease
  // to the next from within, and so on.
  void Give(Lease lease) {
    lease_.emplace(std::move(lease));
    pool_.CountWaiting(-1);
    pool_.loop().timers().Cancel(*this);
    pool_.loop().ArmNextTurn(*this);
  }

 private:
  void OnReady(std::uint32_t) override { awaiter_.resume(); }
  void OnTimer() override { awaiter_.resume(); }
  void Withdraw() {
    if (lease_ || withdrawn_) return;
    withdrawn_ = true;
    Leave();
    pool_.loop().timers().Cancel(*this);
    pool_.loop().ArmNextTurn(*this);
  }
  void Leave() {
    if (std::erase(origin_.waiting, this) > 0) pool_.CountWaiting(-1);
  }

  LoopClientPool& pool_;
  Origin& origin_;
  std::function<void()>* const withdraw_;
  std::optional<Lease> lease_;
  bool withdrawn_ = false;
  std::coroutine_handle<> awaiter_;
};

// An address that only some requests may use is another origin for them.
std::string OriginOf(const ClientRequest& request) {
  return request.url.scheme + "://" + request.url.host + ":" + std::to_string(request.url.port) +
         (request.allow_private_addresses ? "" : " public");
}

void Report(const ClientRequest& request, ClientProgress progress) {
  if (request.progress) *request.progress = progress;
}

bool IsIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

Task<Result<ClientResponse>> LoopClientPool::Fetch(ClientRequest request) {
  TM_CO_TRY(CheckRequest(request, options_.tls));
  const MonotonicTime deadline = loop_.clock().Now() + request.timeout;
  TM_CO_TRY_ASSIGN(Lease lease, co_await Acquire(OriginOf(request), deadline, request.withdraw));
  const std::string text = RequestText(request, AfterResponse::kKeep);
  std::string().swap(request.body);  // it is in the text
  for (bool kept = lease.connection != nullptr;; kept = false) {
    if (!lease.connection) {
      Report(request, ClientProgress::kConnecting);
      if (request.connecting_since) *request.connecting_since = loop_.clock().Now();
      TM_CO_TRY_ASSIGN(lease.connection, co_await ConnectFor(loop_, options_.tls, request, deadline));
    }
    Report(request, ClientProgress::kSent);
    Result<ClientResponse> response = co_await lease.connection->Ask(text, ParserFor(request), deadline);
    const bool stale =
        !response && response.error().code == Errc::kUnavailable && kept && !lease.connection->answered();
    if (!stale || !(request.is_repeatable || IsIdempotent(request.method))) co_return response;
    lease.connection.reset();
    if (options_.metrics) options_.metrics->retries.Add();
  }
}

Task<Result<Lease>> LoopClientPool::Acquire(std::string key, MonotonicTime deadline,
                                            std::function<void()>* withdraw) {
  std::unique_ptr<Origin>& origin = origins_[key];
  if (!origin) origin = std::make_unique<Origin>(Origin{.key = std::move(key)});
  if (std::optional<Lease> lease = TryTake(*origin)) co_return *std::move(lease);
  if (origin->waiting.size() >= options_.waiting_per_origin_max) {
    if (options_.metrics) options_.metrics->refused.Add();
    co_return Fail(Errc::kLimitExceeded, "too many requests wait for a connection to " + origin->key);
  }
  Waiter waiter(*this, *origin, deadline, withdraw);
  co_return co_await waiter;
}

std::optional<Lease> LoopClientPool::TryTake(Origin& origin) {
  if (!origin.idle.empty()) {
    // The latest used is the least likely to be stale.
    std::unique_ptr<ClientConnection> kept = std::move(origin.idle.back());
    origin.idle.pop_back();
    --idle_;
    return Lease(*this, origin, std::move(kept));
  }
  if (origin.connections >= options_.connections_per_origin_max) return std::nullopt;
  CountConnections(origin, 1);
  return Lease(*this, origin, nullptr);
}

void LoopClientPool::Release(Origin& origin, std::unique_ptr<ClientConnection> connection) {
  if (connection && connection->reusable() && idle_ < options_.idle_max) {
    connection->Keep(options_.idle_timeout, *this);
    origin.idle.push_back(std::move(connection));
    ++idle_;
  } else {
    connection.reset();
    CountConnections(origin, -1);
  }
  while (!origin.waiting.empty()) {
    std::optional<Lease> lease = TryTake(origin);
    if (!lease) break;
    Waiter* const next = origin.waiting.front();
    origin.waiting.pop_front();
    next->Give(*std::move(lease));
  }
  ForgetIfUnused(origin);
}

void LoopClientPool::OnIdleEnd(ClientConnection& connection) {
  for (const auto& [key, origin] : origins_) {
    const auto found = std::ranges::find(origin->idle, &connection, &std::unique_ptr<ClientConnection>::get);
    if (found == origin->idle.end()) continue;
    origin->idle.erase(found);
    --idle_;
    CountConnections(*origin, -1);
    return ForgetIfUnused(*origin);
  }
}

void LoopClientPool::CountConnections(Origin& origin, int by) {
  origin.connections += static_cast<std::size_t>(by);
  connections_ += static_cast<std::size_t>(by);
  if (options_.metrics) options_.metrics->connections.Add(by);
}

void LoopClientPool::CountWaiting(int by) {
  waiting_ += static_cast<std::size_t>(by);
  if (options_.metrics) options_.metrics->waiting.Add(by);
}

// Nothing waits for an origin without a connection: the next request makes one.
void LoopClientPool::ForgetIfUnused(Origin& origin) {
  if (origin.connections == 0) origins_.erase(std::string(origin.key));
}

}  // namespace

std::unique_ptr<ClientPool> ClientPool::Make(net::Loop& loop, ClientPoolOptions options) {
  return std::make_unique<LoopClientPool>(loop, std::move(options));
}

}  // namespace tidemill::http
