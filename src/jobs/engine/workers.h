// WorkerTable: who works: their names, their heartbeats, whether they are there.
//
// A worker without a connection whose last heartbeat is too old is gone. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

// A consumer of Faktory's protocol, of the HTTP API, or the node itself.
struct WorkerInfo {
  std::string wid;
  std::string hostname;
  std::int64_t pid = 0;
  std::vector<std::string> labels;
};
enum class WorkerState : std::uint8_t { kRunning, kQuiet, kTerminate };
struct WorkerView {
  WorkerInfo info;
  WorkerState state = WorkerState::kRunning;
  WallTime started_at;
  WallTime heard_at;  // its last BEAT
  std::int64_t rss_kb = 0;
  std::size_t connections = 0;
  std::size_t reserved = 0;
};

// UTF-8 without control characters.
bool IsWid(std::string_view text);

class WorkerTable {
 public:
  static constexpr std::size_t kWidBytesMax = 256;
  static constexpr std::size_t kHostnameBytesMax = 256;
  static constexpr std::size_t kLabelsMax = 32;
  static constexpr std::size_t kLabelBytesMax = 256;

  // `on_gone` gets the wid of one that is no longer in here.
  using OnGone = std::function<void(const std::string& wid)>;
  WorkerTable(net::Loop& loop, Duration gone_after, std::size_t max, OnGone on_gone);
  WorkerTable(const WorkerTable&) = delete;
  WorkerTable& operator=(const WorkerTable&) = delete;
  ~WorkerTable();

  std::size_t size() const { return by_wid_.size(); }
  std::uint64_t gone() const { return gone_; }
  // Makes it known, or takes over what it says now. kLimitExceeded: there are too many;
  // kInvalidArgument: no wid, or a name is too long.
  Result<> Add(WorkerInfo info);
  // One that is only known from its claims: it has as long as others to be heard.
  void Expect(const std::string& wid);
  void Connected(std::string_view wid);
  void Disconnected(std::string_view wid);
  // Negative `rss_kb`: it does not say.
  Result<WorkerState> Beat(std::string_view wid, std::int64_t rss_kb, std::optional<WorkerState> says);
  std::size_t Signal(std::string_view wid, WorkerState state);
  // One that nobody knows runs.
  WorkerState StateOf(std::string_view wid) const;
  std::vector<WorkerView> Views() const;

 private:
  struct Worker;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  Worker* Find(std::string_view wid) const;
  Worker& Make(std::string_view wid);
  void Gone(Worker& worker);

  net::Loop& loop_;
  Duration gone_after_;
  std::size_t max_;
  OnGone on_gone_;
  std::uint64_t gone_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Worker>, Hash, std::equal_to<>> by_wid_;
};

}  // namespace tidemill::jobs
