// Polls: the keys of shared polls that the clients of this loop track.
//
// Tracking is what one subscription tracks; the channel's Poller, on whichever loop, asks the service and
// tells what has changed (Take). See README.md.
//
// Loop thread only. Outlives the sessions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/text_hash.h"
#include "net/loop.h"
#include "net/timer_wheel.h"
#include "realtime/channels/settings.h"
#include "realtime/hub/hub.h"
#include "realtime/polls/poll_loops.h"
#include "realtime/protocol/messages.h"

namespace tidemill::polls {

class Polls;
class Tracking;
struct LocalKey;
struct LocalChannel;

// The owner of a Tracking.
class TrackingEvents {
 public:
  // The service has removed the key: tell the client. It is not tracked any more.
  virtual void OnRemoved(const protocol::PublicationPtr& removal) = 0;
  // A change cannot be said in the client's encoding. Do not end the tracking inside.
  virtual void OnInappropriateData() = 0;

 protected:
  ~TrackingEvents() = default;
};

struct OfKey;
struct OfExpiry;

// A key that one subscription tracks.
struct Tracked final : hub::Subscription, ListLink<OfKey>, ListLink<OfExpiry> {
  Tracked(Tracking& of, std::shared_ptr<LocalKey> what) : tracking(of), key(std::move(what)) {}

  void OnInappropriateData() override;
  bool needs_whole_stream() const override { return false; }
  void OnStreamLost() override {}

  Tracking& tracking;
  const std::shared_ptr<LocalKey> key;
  std::uint64_t version = 0;   // that the client has; until it is attached
  std::int64_t expire_at = 0;  // seconds since the Unix epoch; 0: never
};

struct TrackItem {
  std::string key;
  std::uint64_t version = 0;   // that the client has; 0: none
  std::int64_t expire_at = 0;  // seconds since the Unix epoch, after which it is dropped; 0: never
};

enum class TrackFault : std::uint8_t { kTooManyOfConnection, kTooManyKeys, kTooManyTracked };

class Tracking {
 public:
  struct Options {
    hub::Form form;
    bool conflated = false;
  };

  // A channel that is polled, with these options. The outbox outlives it.
  Tracking(Polls& polls, std::string_view channel, const channels::PollOptions& poll, hub::Outbox& outbox,
           Options options, TrackingEvents& events);
  ~Tracking();
  Tracking(const Tracking&) = delete;
  Tracking& operator=(const Tracking&) = delete;

  // Of the channel, as the client is told; it may not be known yet.
  const std::string& epoch() const;
  // The newest data of those that are not tracked yet and of which the client has older ones, as far as they
  // are known.
  std::vector<protocol::PublicationPtr> Newer(std::span<const TrackItem> items) const;
  // Tracks the items, of which there are at most `keys_max` together with those before; of a client that is
  // sent what Newer gives, before anything that comes. A key that is tracked already only expires at another
  // time. All of them or none. No key is there twice, or in both.
  std::expected<void, TrackFault> Track(std::span<const TrackItem> items,
                                        std::span<const std::string> untrack, std::size_t keys_max);
  void Untrack(std::string_view key);
  std::size_t keys() const { return tracked_.size(); }

 private:
  friend class Polls;
  friend struct Tracked;

  std::expected<void, TrackFault> TakeRoom(std::span<const TrackItem> items,
                                           std::span<const std::string> untrack, std::size_t keys_max) const;
  void SetExpiry(Tracked& tracked, std::int64_t expire_at);

  Polls& polls_;
  const std::shared_ptr<LocalChannel> channel_;
  hub::Outbox& outbox_;
  const Options options_;
  TrackingEvents& events_;
  std::unordered_map<std::string_view, std::unique_ptr<Tracked>> tracked_;  // by the name of its key
};

class Polls {
 public:
  Polls(net::Loop& loop, hub::Hub& hub, PollLoops& loops, std::size_t index);
  ~Polls();
  Polls(const Polls&) = delete;
  Polls& operator=(const Polls&) = delete;

  // PollLoops's.
  void Take(const Update& update);

  std::size_t keys() const { return keys_; }

 private:
  friend class Tracking;
  friend struct LocalKey;

  class Later final : public net::Timer {
   public:
    explicit Later(std::function<void()> run) : run_(std::move(run)) {}
    void OnTimer() override { run_(); }

   private:
    const std::function<void()> run_;
  };

  std::shared_ptr<LocalChannel> ChannelOf(std::string_view name, const channels::PollOptions& poll);
  void ForgetRemoved(const LocalChannel& channel, const Update& update);
  void Change(LocalKey& key, const protocol::PublicationPtr& change);
  void Remove(const std::shared_ptr<LocalKey>& key, const protocol::PublicationPtr& removal);
  void TellOfRemovals();
  // It gets what comes; `has_latest`: it is being sent the newest data.
  void Attach(Tracked& tracked, bool has_latest);
  // Somebody tracks it no more: if nobody does, it goes after a while.
  void NoteIdle(const std::shared_ptr<LocalChannel>& channel, const std::shared_ptr<LocalKey>& key);
  void SweepIdle();
  void Erase(LocalKey& key);
  void DropExpired();

  struct Removal {
    std::shared_ptr<LocalKey> key;
    protocol::PublicationPtr publication;
  };
  struct Idle {
    std::shared_ptr<LocalChannel> channel;
    std::shared_ptr<LocalKey> key;
  };
  using IdleKeys = std::multimap<MonotonicTime, Idle>;

  net::Loop& loop_;
  hub::Hub& hub_;
  PollLoops& loops_;
  const std::size_t index_;
  std::size_t keys_ = 0;
  std::unordered_map<std::string, std::weak_ptr<LocalChannel>, TextHash, std::equal_to<>> channels_;
  IdleKeys idle_;                  // that nobody tracked when they came here, by when they go
  std::vector<Removal> removals_;  // of which some who track the key are still to be told
  std::map<std::int64_t, IntrusiveList<Tracked, OfExpiry>> expiring_;  // by the second
  Later sweep_;
  Later expire_;
  Later remove_;
};

}  // namespace tidemill::polls
