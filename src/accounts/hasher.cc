#include "accounts/hasher.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "accounts/secret_token.h"

namespace tidemill::accounts {
namespace {

constexpr int kNice = 5;

// Of the calling thread alone (Linux: setpriority(2), "NPTL").
void BePatient() {
  thread_local bool is_set = false;
  if (std::exchange(is_set, true)) return;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
}

}  // namespace

PasswordHasher::PasswordHasher(HasherOptions options, Metrics& metrics)
    : options_(options), of_nobody_(HashPassword(MakeSecretToken(), options.cost)), metrics_(metrics) {}

Result<std::unique_ptr<PasswordHasher>> PasswordHasher::Start(HasherOptions options, Metrics& metrics) {
  std::unique_ptr<PasswordHasher> hasher(new PasswordHasher(options, metrics));
  for (std::size_t i = 0; i < options.threads; ++i) {
    TM_TRY_ASSIGN(auto worker,
                  net::Worker::Start({.name = "tm-passwords", .accepted_max = options.waiting_max}));
    hasher->workers_.push_back(std::move(worker));
  }
  return hasher;
}

net::Worker& PasswordHasher::Idlest() const {
  return **std::ranges::min_element(workers_, {}, [](const auto& worker) { return worker->depth(); });
}

Task<Result<std::string>> PasswordHasher::Hash(net::Loop& loop, std::string password) {
  auto hash = co_await Idlest().Run(loop, [password = std::move(password), this] {
    BePatient();
    return stops_ ? std::string() : HashPassword(password, options_.cost);
  });
  if (!hash) metrics_.hashes_refused.Add();
  co_return hash;
}

Task<Result<bool>> PasswordHasher::Verify(net::Loop& loop, std::string password, std::string hash) {
  auto fits = co_await Idlest().Run(
      loop, [password = std::move(password), hash = hash.empty() ? of_nobody_ : std::move(hash), this] {
        BePatient();
        return !stops_ && VerifyPassword(password, hash);
      });
  if (!fits) metrics_.hashes_refused.Add();
  co_return fits;
}

std::size_t PasswordHasher::depth() const {
  std::size_t depth = 0;
  for (const auto& worker : workers_) depth += worker->depth();
  return depth;
}

}  // namespace tidemill::accounts
