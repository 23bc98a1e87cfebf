// WatchedStore: leaves everything to another store, writes down what a relay asks, and answers wrongly where
// a test wants it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/sleep.h"
#include "outbox/store.h"

namespace tidemill::outbox::testing {

class WatchedStore final : public Store {
 public:
  WatchedStore(net::Loop& loop, Store& inner) : loop_(loop), inner_(inner) {}

  std::vector<std::string> calls;  // "acquire", "load", "finish" and "measure"
  bool Saw(std::string_view call) const { return std::ranges::find(calls, call) != calls.end(); }
  std::vector<bool> rings;            // as it was told
  Duration acquire_takes{};           // its answer, on the way
  std::optional<Errc> acquire_fails;  // nothing is asked of the other store
  std::optional<Errc> load_fails;
  std::size_t finish_answers_lost = 0;  // so many are done, and fail

  Task<Result<std::uint64_t>> Acquire(std::string node, Duration ttl) override {
    calls.push_back("acquire");
    if (acquire_fails) co_return Fail(*acquire_fails, "as the test wants it");
    auto epoch = co_await inner_.Acquire(std::move(node), ttl);
    co_await net::Sleep(loop_, acquire_takes);
    co_return epoch;
  }
  Task<Result<>> Release() override { return inner_.Release(); }
  Task<Result<Relaying>> FindRelaying() override { return inner_.FindRelaying(); }
  Task<Result<std::vector<Entry>>> Load(std::size_t count, std::vector<std::string> held) override {
    calls.push_back("load");
    if (load_fails) co_return Fail(*load_fails, "as the test wants it");
    co_return co_await inner_.Load(count, std::move(held));
  }
  Task<Result<>> Finish(std::uint64_t epoch, Finished finished) override {
    calls.push_back("finish");
    TM_CO_TRY(co_await inner_.Finish(epoch, std::move(finished)));
    if (finish_answers_lost == 0) co_return {};
    --finish_answers_lost;
    co_return Fail(Errc::kUnavailable, "as the test wants it");
  }
  Task<Result<>> Ring(std::uint64_t epoch, bool wanted) override {
    rings.push_back(wanted);
    return inner_.Ring(epoch, wanted);
  }
  Task<Result<>> Admit(std::uint64_t epoch, std::uint64_t depth_max, bool is_full) override {
    return inner_.Admit(epoch, depth_max, is_full);
  }
  Task<Result<Depth>> Measure() override {
    calls.push_back("measure");
    return inner_.Measure();
  }
  Task<Result<bool>> IsDeeperThan(std::uint64_t depth) override { return inner_.IsDeeperThan(depth); }
  Task<Result<std::vector<Parked>>> ListParked(std::int64_t after, std::size_t count) override {
    return inner_.ListParked(after, count);
  }
  Task<Result<std::vector<std::int64_t>>> ListParkedIds(std::int64_t after, std::size_t count) override {
    return inner_.ListParkedIds(after, count);
  }
  Task<Result<std::size_t>> Retry(std::vector<std::int64_t> ids) override {
    return inner_.Retry(std::move(ids));
  }
  Task<Result<std::size_t>> Drop(std::vector<std::int64_t> ids) override {
    return inner_.Drop(std::move(ids));
  }

 private:
  net::Loop& loop_;
  Store& inner_;
};

}  // namespace tidemill::outbox::testing
