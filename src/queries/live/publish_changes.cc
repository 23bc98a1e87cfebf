#include "queries/live/publish_changes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

#include "api/concurrently.h"

namespace tidemill::queries::live {
namespace {

constexpr std::size_t kPublishesAtOnce = 64;

// One of all that are published at once; it refers to what waits for all.
struct Publishing {
  broker::MapPublisher& maps;
  const Cohort& cohort;
  std::vector<Change>& changes;
  const std::size_t last;  // that is no removal
  const SeenWrites& told;
  std::optional<protocol::ErrorCode>& failed;

  Task<void> operator()(std::size_t index) {
    if (failed || cohort.ended) co_return;
    Change& change = changes[index];
    const std::string& channel = cohort.call.channel;
    if (change.removed) {
      const auto done =
          co_await maps.Remove({.channel = channel, .key = std::move(change.key), .idempotency_key = {}});
      if (!done) failed = done.error();
      co_return;
    }
    const auto done = co_await maps.Publish({.channel = channel,
                                             .key = std::move(change.key),
                                             .data = std::move(change.data),
                                             .form = broker::DataForm::kJson,
                                             .tags = TagsOf(change, index == last),
                                             .info = {},
                                             .score = change.score,
                                             .idempotency_key = {},
                                             .version_epoch = {}});
    if (!done) failed = done.error();
  }

  // Clients see no scores.
  protocol::Tags TagsOf(const Change& change, bool is_last) const {
    protocol::Tags tags = {{std::string(kOrderTag), std::to_string(change.score)}};
    if (!is_last || told.settled.empty()) return tags;
    tags.emplace_back(kSettledTag, told.settled);
    if (!told.later.empty()) tags.emplace_back(kLaterTag, fmt::to_string(fmt::join(told.later, " ")));
    return tags;
  }
};

}  // namespace

Task<std::optional<protocol::ErrorCode>> PublishChanges(broker::MapPublisher& maps, CohortPtr cohort,
                                                        std::vector<Change> changes, SeenWrites told) {
  std::optional<protocol::ErrorCode> failed;
  const auto last = std::ranges::find_if_not(changes.rbegin(), changes.rend(), &Change::removed);
  const auto index = static_cast<std::size_t>(changes.rend() - last) - 1;  // none: no index there is
  Publishing publishing{maps, *cohort, changes, index, told, failed};
  co_await api::ForEachConcurrently(changes.size(), kPublishesAtOnce, publishing);
  co_return cohort->ended ? std::nullopt : failed;
}

}  // namespace tidemill::queries::live
